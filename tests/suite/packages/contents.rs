//! What is in the packages, with which rights, what they ask for, and whether it works from there.

use std::collections::BTreeSet;
use std::process::Command;

use crate::packages::{Unpacked, deb, output, rpm};

/// What people download (design.md 7).
const MOST_BYTES: u64 = 8_000_000;
/// No licence is shorter.
const SHORTEST_LICENCE: usize = 500;
/// Stands between the licences (packaging/licences/text.hbs).
const RULE: &str = "================================================================================\n";

/// What both packages have.
const COMMON: &[&str] = &[
    "/usr/bin/jean-bridge",
    "/usr/bin/jean-memory-bridge",
    "/usr/lib/systemd/user/jean-bridge.service",
    "/usr/share/applications/com.jeanmemory.bridge.desktop",
    "/usr/share/bash-completion/completions/jean-bridge",
    "/usr/share/fish/vendor_completions.d/jean-bridge.fish",
    "/usr/share/icons/hicolor/128x128/apps/com.jeanmemory.bridge.png",
    "/usr/share/icons/hicolor/256x256/apps/com.jeanmemory.bridge.png",
    "/usr/share/icons/hicolor/32x32/apps/com.jeanmemory.bridge.png",
    "/usr/share/icons/hicolor/scalable/apps/com.jeanmemory.bridge.svg",
    "/usr/share/man/man1/jean-bridge.1.gz",
    "/usr/share/man/man1/jean-memory-bridge.1.gz",
    "/usr/share/metainfo/com.jeanmemory.bridge.metainfo.xml",
];
/// What Debian wants where it wants it.
const ONLY_DEB: &[&str] = &[
    "/usr/share/doc/jean-memory-bridge/NEWS.md.gz",
    "/usr/share/doc/jean-memory-bridge/README.md.gz",
    "/usr/share/doc/jean-memory-bridge/SECURITY.md.gz",
    "/usr/share/doc/jean-memory-bridge/changelog.gz",
    "/usr/share/doc/jean-memory-bridge/copyright",
    "/usr/share/doc/jean-memory-bridge/third-party-licences.gz",
    "/usr/share/lintian/overrides/jean-memory-bridge",
    "/usr/share/zsh/vendor-completions/_jean-bridge",
];
/// What Fedora wants where it wants it.
const ONLY_RPM: &[&str] = &[
    "/usr/share/doc/jean-memory-bridge/CHANGELOG.md",
    "/usr/share/doc/jean-memory-bridge/README.md",
    "/usr/share/doc/jean-memory-bridge/SECURITY.md",
    "/usr/share/licenses/jean-memory-bridge/LICENSE-APACHE",
    "/usr/share/licenses/jean-memory-bridge/LICENSE-MIT",
    "/usr/share/licenses/jean-memory-bridge/third-party-licences",
    "/usr/share/zsh/site-functions/_jean-bridge",
];

/// One entry of a package: its rights as `ls` shows them, its owner and its path.
struct Entry {
    rights: String,
    owner: String,
    path: String,
}

impl Entry {
    fn is_folder(&self) -> bool {
        self.rights.starts_with('d')
    }
}

fn entries_of_deb() -> Vec<Entry> {
    let listed = output(Command::new("dpkg-deb").arg("--contents").arg(deb()));
    let entry = |line: &str| {
        let mut words = line.split_whitespace();
        Some(Entry {
            rights: words.next()?.into(),
            owner: words.next()?.into(),
            path: words.nth(3)?.trim_start_matches('.').into(),
        })
    };
    listed.lines().filter_map(entry).collect()
}

fn entries_of_rpm() -> Vec<Entry> {
    let format = "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]";
    let listed = output(Command::new("rpm").args(["-qp", "--qf", format]).arg(rpm()));
    let entry = |line: &str| {
        let mut words = line.split_whitespace();
        Some(Entry { rights: words.next()?.into(), owner: words.next()?.into(), path: words.next()?.into() })
    };
    listed.lines().filter_map(entry).collect()
}

fn version() -> String {
    output(Command::new("dpkg-deb").arg("--field").arg(deb()).arg("Version")).trim().to_owned()
}

#[test]
fn the_packages_have_what_they_should_and_nothing_else() {
    let is_page_of_a_command = |path: &str| path.starts_with("/usr/share/man/man1/jean-bridge-");
    for (entries, own) in [(entries_of_deb(), ONLY_DEB), (entries_of_rpm(), ONLY_RPM)] {
        let files = entries.iter().filter(|entry| !entry.is_folder()).map(|entry| entry.path.as_str());
        let files: BTreeSet<&str> = files.filter(|path| !is_page_of_a_command(path)).collect();
        let wanted: BTreeSet<&str> = COMMON.iter().chain(own).copied().collect();
        assert_eq!(files, wanted);
    }
}

#[test]
fn everything_belongs_to_root_and_only_programs_can_be_run() {
    for entry in entries_of_deb().into_iter().chain(entries_of_rpm()) {
        let rights = match (entry.is_folder(), entry.path.starts_with("/usr/bin/")) {
            (true, _) => "drwxr-xr-x",
            (false, true) => "-rwxr-xr-x",
            (false, false) => "-rw-r--r--",
        };
        assert_eq!((entry.rights.as_str(), entry.owner.as_str()), (rights, "root/root"), "{}", entry.path);
    }
}

#[test]
fn the_packages_are_named_by_their_version_and_small() {
    let version = version();
    assert_eq!(version, env!("CARGO_PKG_VERSION"), "run `make installers` again");
    for (package, name) in [
        (deb(), format!("jean-memory-bridge_{version}_")),
        (rpm(), format!("jean-memory-bridge-{version}-1.")),
    ] {
        let own = package.file_name().unwrap().to_str().unwrap();
        assert!(own.starts_with(&name), "{own}");
        let bytes = package.metadata().unwrap().len();
        assert!(bytes <= MOST_BYTES, "{own} has {bytes} bytes");
    }
}

/// The tray library is opened by name: nothing but the package says that it is needed.
#[test]
fn the_packages_ask_for_the_libraries_that_the_programs_need() {
    let depends = output(Command::new("dpkg-deb").arg("--field").arg(deb()).arg("Depends"));
    let asked: Vec<&str> = depends.split(", ").filter_map(|one| one.split_whitespace().next()).collect();
    for library in ["libayatana-appindicator3-1", "libc6", "libgtk-3-0", "libwebkit2gtk-4.1-0"] {
        // Ubuntu and newer Debian have some of them under a name that says that their times have 64 bits.
        assert!(asked.iter().any(|one| one.trim_end_matches("t64") == library), "{library}: {depends}");
    }
    let asked = output(Command::new("rpm").args(["-qp", "--requires"]).arg(rpm()));
    for library in
        ["libayatana-appindicator3.so.1()", "libc.so.6(", "libgtk-3.so.0()", "libwebkit2gtk-4.1.so.0()"]
    {
        assert!(asked.lines().any(|line| line.starts_with(library)), "{library}: {asked}");
    }
}

/// Desktop database and icon cache are brought up to date by those packages themselves; and what is to be started, a
/// person says.
#[test]
fn the_packages_run_nothing_when_they_are_installed() {
    let control = Unpacked::new();
    output(Command::new("dpkg-deb").arg("--control").arg(deb()).arg(control.path("control")));
    let files = std::fs::read_dir(control.path("control")).unwrap();
    let files: BTreeSet<_> = files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, BTreeSet::from(["control".to_owned(), "md5sums".to_owned()]));
    assert_eq!(output(Command::new("rpm").args(["-qp", "--scripts", "--triggers"]).arg(rpm())), "");
}

#[test]
fn the_command_line_runs_from_the_package_without_a_desktops_libraries() {
    let package = Unpacked::new();
    let program = package.path("usr/bin/jean-bridge");
    let says = output(Command::new(&program).arg("--version"));
    assert_eq!(says.trim(), format!("jean-bridge {}", version()));
    let libraries = output(Command::new("ldd").arg(&program));
    assert!(libraries.contains("libc.so.6") && !libraries.contains("not found"), "{libraries}");
    for word in ["gtk", "gdk", "webkit", "X11", "dbus"] {
        assert!(!libraries.contains(word), "{word}: {libraries}");
    }
}

#[test]
fn the_app_runs_from_the_package_as_far_as_it_can_without_a_display() {
    let package = Unpacked::new();
    let mut app = Command::new(package.path("usr/bin/jean-memory-bridge"));
    let app = app.env_clear().env("HOME", package.root()).env("JEAN_BRIDGE_HOME", package.path("home"));
    let ended = app.output().unwrap();
    let says = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code() == Some(1) && says.contains("no display"), "{}: {says}", ended.status);
    assert!(!package.path("home").exists(), "nothing was started");
}

#[test]
fn the_desktop_entry_starts_what_is_there_and_has_an_icon() {
    let package = Unpacked::new();
    let entry = package.path("usr/share/applications/com.jeanmemory.bridge.desktop");
    let entry = std::fs::read_to_string(entry).unwrap();
    let value = |key: &str| {
        let mut values = entry.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        values.next().unwrap_or_else(|| panic!("no {key}")).to_owned()
    };
    for key in ["Exec", "TryExec"] {
        assert!(package.path("usr/bin").join(value(key)).is_file(), "{key}");
    }
    let icons = package.path("usr/share/icons/hicolor/scalable/apps");
    assert!(icons.join(value("Icon") + ".svg").is_file());
}

#[test]
fn every_command_has_a_manual_page_that_man_can_show_without_a_warning() {
    let package = Unpacked::new();
    let pages = package.path("usr/share/man/man1");
    let help = output(Command::new(package.path("usr/bin/jean-bridge")).arg("--help"));
    let commands = help.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap();
    for command in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        assert!(pages.join(format!("jean-bridge-{command}.1.gz")).is_file(), "{command}");
    }
    for page in std::fs::read_dir(pages).unwrap() {
        let page = page.unwrap().path();
        let mut man = Command::new("man");
        let man = man.args(["--warnings", "--encoding=UTF-8", "--local-file"]).arg(&page);
        let shown =
            man.env("LC_ALL", "C.UTF-8").env("MANROFFSEQ", "").env("MANWIDTH", "80").output().unwrap();
        let complaints = String::from_utf8_lossy(&shown.stderr);
        assert!(shown.status.success() && complaints.is_empty(), "{}: {complaints}", page.display());
        assert!(String::from_utf8_lossy(&shown.stdout).contains("SYNOPSIS"), "{}", page.display());
    }
}

#[test]
fn shells_complete_the_commands() {
    let package = Unpacked::new();
    let bash = format!(
        "source {}; COMP_WORDS=(jean-bridge appr); COMP_CWORD=1; _jean__bridge jean-bridge appr jean-bridge; echo ${{COMPREPLY[*]}}",
        package.path("usr/share/bash-completion/completions/jean-bridge").display()
    );
    assert_eq!(output(Command::new("bash").args(["--norc", "-c", &bash])).trim(), "approve");
    let fish = format!(
        "source {}; complete --do-complete 'jean-bridge appr'",
        package.path("usr/share/fish/vendor_completions.d/jean-bridge.fish").display()
    );
    let mut shell = Command::new("fish");
    let shell = shell.args(["--no-config", "-c", &fish]).env("HOME", package.root());
    assert!(output(shell).starts_with("approve\t"));
    // A completion of zsh works at its prompt only; here it is loaded as that would.
    let functions = package.path("usr/share/zsh/vendor-completions");
    let zsh = format!(
        "fpath=({} $fpath); autoload -Uz compinit && compinit -u -D && echo $_comps[jean-bridge] && autoload +X _jean-bridge",
        functions.display()
    );
    let mut shell = Command::new("zsh");
    let shell = shell.args(["--no-rcs", "-c", &zsh]).env("HOME", package.root());
    assert_eq!(output(shell).trim(), "_jean-bridge");
}

#[test]
fn the_service_is_there_and_not_switched_on() {
    let package = Unpacked::new();
    let unit = std::fs::read_to_string(package.path("usr/lib/systemd/user/jean-bridge.service")).unwrap();
    assert!(unit.contains("\nExecStart=/usr/bin/jean-bridge serve\n"), "{unit}");
    let paths: Vec<String> = entries_of_deb().into_iter().map(|entry| entry.path).collect();
    let switches =
        |path: &&String| path.contains(".wants/") || path.contains("preset") || path.starts_with("/etc");
    assert_eq!(paths.iter().find(switches), None);
}

#[test]
fn every_library_that_is_built_in_has_its_licence_in_the_packages() {
    let package = Unpacked::new();
    let licences = package.read_compressed("usr/share/doc/jean-memory-bridge/third-party-licences.gz");
    // Heading, text, heading, text, after a first line.
    let parts: Vec<&str> = licences.split(RULE).skip(1).collect();
    assert!(parts.len() > 20 && parts.len().is_multiple_of(2), "{} parts", parts.len());
    let mut named = BTreeSet::new();
    for pair in parts.chunks(2) {
        assert!(pair[1].len() > SHORTEST_LICENCE, "{}: {}", pair[0], pair[1]);
        let libraries = pair[0].lines().filter_map(|line| line.strip_prefix("  "));
        named.extend(libraries.map(|line| line.split(',').next().unwrap_or(line)));
    }
    let mut cargo = Command::new(env!("CARGO"));
    let cargo =
        cargo.args(["tree", "--locked", "--offline", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    let tree = output(cargo.args(["--package", "jean-memory-bridge", "--package", "jean-bridge"]));
    let lines = tree.lines().filter(|line| !line.is_empty() && !line.contains(env!("CARGO_PKG_NAME")));
    let ours = ["bridge-core ", "jean-bridge ", "jean-memory-bridge "];
    let libraries: BTreeSet<String> = lines
        .filter(|line| !ours.iter().any(|own| line.starts_with(own)))
        .map(|line| line.split(" (").next().unwrap_or(line).replacen(" v", " ", 1))
        .collect();
    assert!(libraries.len() > 200, "{}", libraries.len());
    let missing: Vec<_> = libraries.iter().filter(|library| !named.contains(library.as_str())).collect();
    assert!(missing.is_empty(), "no licence of {missing:#?}");
}
