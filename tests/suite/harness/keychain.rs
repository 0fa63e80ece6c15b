//! A keychain for one test: a session bus and a gnome-keyring of its own, in a directory that goes away.
//!
//! Nothing is shared with the person's session or with other tests, no display is needed, and the bus
//! knows no service files: only what a test starts is there. All processes end with this value; should
//! the suite be killed, the daemon ends with the bus.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zbus::blocking::{Connection, Proxy, connection, fdo::DBusProxy};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, Value};

/// The name of the Secret Service on the bus.
pub const SECRETS: &str = "org.freedesktop.secrets";
/// Who shows gnome-keyring's password prompts.
pub const PROMPTER: &str = "org.gnome.keyring.SystemPrompter";
/// Variables through which the keychain could reach the person's own session.
pub const UNSET: [&str; 4] = ["DISPLAY", "WAYLAND_DISPLAY", "GNOME_KEYRING_CONTROL", "SSH_AUTH_SOCK"];

const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";
const PASSWORD: &str = "a password for tests";
/// How long a condition may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// How a daemon is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the password of the login keyring, which is made if there is none.
    Unlocked,
    /// Without: the login keyring stays locked, or missing.
    Locked,
}

/// A throw-away keychain session.
pub struct Keychain {
    // Processes first: they write into the directory until they end.
    daemon: Option<Process>,
    bus: Option<Bus>,
    home: tempfile::TempDir,
}

struct Bus {
    connection: Connection,
    _process: Process,
}

/// A program that ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A name on the bus whose owner never answers; see [`Keychain::silence`].
pub struct Silence {
    connection: Connection,
    name: &'static str,
}

impl Keychain {
    /// A bus with an unlocked, empty keyring.
    #[must_use]
    pub fn start() -> Self {
        let mut keychain = Self::with_bus();
        keychain.start_daemon(Start::Unlocked);
        keychain
    }

    /// A bus without a keychain.
    #[must_use]
    pub fn with_bus() -> Self {
        let mut keychain = Self::absent();
        keychain.start_bus();
        keychain
    }

    /// Not even a bus.
    #[must_use]
    pub fn absent() -> Self {
        let home = tempfile::tempdir().unwrap();
        let keychain = Self { daemon: None, bus: None, home };
        for (_, directory) in keychain.directories() {
            std::fs::create_dir_all(directory).unwrap();
        }
        // dbus and gnome-keyring want the runtime directory to themselves.
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(keychain.home.path().join("run"), private).unwrap();
        keychain
    }

    /// What a program needs to use this keychain; take [`UNSET`] from its environment, too.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        let directories = self.directories().map(|(name, path)| (name, path.into_os_string()));
        directories.into_iter().chain([("DBUS_SESSION_BUS_ADDRESS", self.address().into())]).collect()
    }

    /// `program` in the environment of this keychain.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for name in UNSET {
            command.env_remove(name);
        }
        command.envs(self.env());
        command
    }

    /// Starts the bus, at the same address each time.
    pub fn start_bus(&mut self) {
        let config = self.home.path().join("bus.conf");
        let socket = self.socket();
        std::fs::write(&config, bus_config(&socket)).unwrap();
        // A bus that was killed leaves its socket.
        let _ = std::fs::remove_file(&socket);
        let mut command = self.command("dbus-daemon");
        command.arg("--config-file").arg(config).args(["--nofork", "--nopidfile", "--print-address"]);
        let mut process = Process(spawn(command.stdout(Stdio::piped())));
        // It prints its address once it listens.
        let mut address = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(address.starts_with(&self.address()), "dbus-daemon said {address:?}");
        self.bus = Some(Bus { connection: self.connect(), _process: process });
    }

    /// Ends the bus, and the daemon with it.
    pub fn stop_bus(&mut self) {
        self.daemon = None;
        self.bus = None;
    }

    /// Starts gnome-keyring and waits until it can be asked.
    pub fn start_daemon(&mut self, start: Start) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).stdin(Stdio::piped()).stdout(Stdio::null());
        if start == Start::Unlocked {
            command.arg("--unlock");
        }
        let mut process = Process(spawn(&mut command));
        let mut stdin = process.0.stdin.take().unwrap();
        if start == Start::Unlocked {
            stdin.write_all(PASSWORD.as_bytes()).unwrap();
        }
        drop(stdin);
        self.daemon = Some(process);
        until("the keychain is on the bus", || self.is_owned(SECRETS));
    }

    /// Ends gnome-keyring without a chance to say goodbye, and waits until the bus noticed.
    pub fn kill_daemon(&mut self) {
        self.daemon = None;
        until("the keychain is off the bus", || !self.is_owned(SECRETS));
    }

    /// Locks the login keyring.
    pub fn lock(&self) {
        let (locked, _): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            self.service().call("Lock", &(vec![login()],)).unwrap();
        assert_eq!(locked, [login().into()]);
    }

    /// Unlocks the login keyring without a prompt.
    pub fn unlock(&self) {
        let (_, session): (zbus::zvariant::OwnedValue, OwnedObjectPath) =
            self.service().call("OpenSession", &("plain", Value::from(""))).unwrap();
        let secret = (session, Vec::<u8>::new(), PASSWORD.as_bytes(), "text/plain");
        // What the daemon offers to PAM and its own tests, under this name.
        let internal = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
        let proxy = Proxy::new(self.connection(), SECRETS, SERVICE_PATH, internal).unwrap();
        proxy.call::<_, _, ()>("UnlockWithMasterPassword", &(login(), secret)).unwrap();
    }

    /// What is kept as `item`, as another program sees it.
    #[must_use]
    pub fn stored(&self, service: &str, item: &str) -> Option<String> {
        let mut command = self.command("secret-tool");
        let output = command.args(["lookup", "service", service, "username", item]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// Keeps `secret` as `item` in the keyring `collection`, as another program would.
    pub fn store(&self, collection: &str, service: &str, item: &str, secret: &str) {
        let mut command = self.command("secret-tool");
        command.arg("store").arg(format!("--collection={collection}")).arg("--label=test");
        command.args(["service", service, "username", item]).stdin(Stdio::piped());
        let mut child = spawn(&mut command);
        child.stdin.take().unwrap().write_all(secret.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "secret-tool store");
    }

    /// How many items `service` has, in all keyrings.
    #[must_use]
    pub fn count(&self, service: &str) -> usize {
        let attributes = std::collections::HashMap::from([("service", service)]);
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            self.service().call("SearchItems", &(attributes,)).unwrap();
        unlocked.len() + locked.len()
    }

    /// Owns `name` on the bus and never answers whoever calls it.
    #[must_use]
    pub fn silence(&self, name: &'static str) -> Silence {
        let connection = self.connect();
        connection.request_name(name).unwrap();
        Silence { connection, name }
    }

    fn directories(&self) -> [(&'static str, PathBuf); 5] {
        let under = |name: &str| self.home.path().join(name);
        [
            ("HOME", self.home.path().to_owned()),
            ("XDG_RUNTIME_DIR", under("run")),
            ("XDG_DATA_HOME", under("data")),
            ("XDG_CONFIG_HOME", under("config")),
            ("XDG_CACHE_HOME", under("cache")),
        ]
    }

    /// The home folder of the session.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn socket(&self) -> PathBuf {
        // Not `bus`, which programs look for without being told.
        self.home.path().join("run/session")
    }

    /// The address of the bus.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    fn connect(&self) -> Connection {
        connection::Builder::address(self.address().as_str()).unwrap().build().unwrap()
    }

    fn connection(&self) -> &Connection {
        &self.bus.as_ref().expect("the bus runs").connection
    }

    fn service(&self) -> Proxy<'_> {
        Proxy::new(self.connection(), SECRETS, SERVICE_PATH, "org.freedesktop.Secret.Service").unwrap()
    }

    fn is_owned(&self, name: &'static str) -> bool {
        DBusProxy::new(self.connection()).unwrap().name_has_owner(name.try_into().unwrap()).unwrap()
    }
}

impl Silence {
    /// Lets go of the name but not of those who wait for an answer.
    pub fn let_go(&self) {
        assert!(self.connection.release_name(self.name).unwrap());
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // The connection ends later than this. The bus may be gone.
        let _ = self.connection.release_name(self.name);
    }
}

fn login() -> ObjectPath<'static> {
    ObjectPath::from_static_str_unchecked(LOGIN)
}

fn spawn(command: &mut Command) -> Child {
    let program = command.get_program().to_owned();
    let child = command.stderr(Stdio::null()).spawn();
    child.unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()))
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < limit, "not in time: {what}");
        std::thread::sleep(POLL);
    }
}

/// A session bus with one socket, no service files and no limits on who may talk to whom.
fn bus_config(socket: &Path) -> String {
    let socket = socket.display();
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}
