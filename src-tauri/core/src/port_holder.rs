//! Who has the port: another bridge, or which program.
//!
//! A busy port is the one failure at start that everybody meets; its message names who and what to do.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A bridge answers in milliseconds, on a busy computer in a second; what does not is none.
const PATIENCE: Duration = Duration::from_secs(3);
/// Our own status is far below this.
const MAX_STATUS: usize = 16 * 1024;
/// What `/status` of a bridge calls itself.
pub const PRODUCT: &str = "Jean Memory Bridge";

/// Who has a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A bridge: of another user, or of another `JEAN_BRIDGE_HOME`.
    Bridge {
        /// Its version.
        version: String,
    },
    /// Another program.
    Program(Program),
    /// A program of another user, or this system does not tell.
    Unknown,
}

/// A running program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its process id.
    pub pid: u32,
}

/// Who has `port` on this computer.
pub async fn find(port: u16) -> Holder {
    if let Some(version) = timeout(PATIENCE, bridge_version(port)).await.ok().flatten() {
        return Holder::Bridge { version };
    }
    // Reading /proc takes a few milliseconds and nothing else runs: this is on the way to the exit.
    program(port).map_or(Holder::Unknown, Holder::Program)
}

/// What the bridge that answers on `port` calls this start of it; none when no bridge answers within `patience`.
pub async fn instance(port: u16, patience: Duration) -> Option<String> {
    timeout(patience, status(port)).await.ok().flatten().map(|status| status.instance)
}

/// One line without the cure, which depends on where it is read: `Another program uses port 5326
/// (python3, 4711).`
#[must_use]
pub fn sentence(port: u16, holder: &Holder) -> String {
    match holder {
        Holder::Bridge { version } => {
            format!(
                "Another Jean Memory Bridge uses port {port} (version {version}, of another user or directory)."
            )
        }
        Holder::Program(program) => format!("Another program uses port {port} ({program})."),
        Holder::Unknown => format!("Another program uses port {port}."),
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name, self.pid)
    }
}

/// Only what identifies a bridge; the rest of `/status` is not needed.
#[derive(Deserialize)]
struct Status {
    name: String,
    version: String,
    #[serde(default)]
    instance: String,
}

async fn bridge_version(port: u16) -> Option<String> {
    let version = status(port).await?.version;
    // A stranger's answer is printed on a terminal: only what a version looks like.
    let is_version = version.len() <= 40
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    is_version.then_some(version)
}

/// Asks the port for the status of a bridge.
async fn status(port: u16) -> Option<Status> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let request = http::Request::get("/status")
        .header(http::header::HOST, format!("127.0.0.1:{port}"))
        .body(Empty::<Bytes>::new())
        .ok()?;
    let response = sender.send_request(request).await.ok()?;
    let body = Limited::new(response.into_body(), MAX_STATUS).collect().await.ok()?.to_bytes();
    let status: Status = serde_json::from_slice(&body).ok()?;
    (status.name == PRODUCT).then_some(status)
}

#[cfg(not(target_os = "linux"))]
fn program(_port: u16) -> Option<Program> {
    None
}

/// The program that listens on `port`, as far as this user may see it.
#[cfg(target_os = "linux")]
fn program(port: u16) -> Option<Program> {
    use std::fs::read_to_string;
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let inode = tables.iter().find_map(|table| listening_inode(&read_to_string(table).ok()?, port))?;
    let link = std::path::PathBuf::from(format!("socket:[{inode}]"));
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).find_map(|pid| {
        let mut files = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
        files.any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == link)).then_some(())?;
        let name = read_to_string(format!("/proc/{pid}/comm")).ok()?;
        // A program chooses its name, and the name is printed on a terminal.
        let name = name.trim().replace(|letter: char| letter.is_control(), "?");
        Some(Program { name, pid })
    })
}

/// The inode of the socket that listens on `port`, from the kernel's table (proc(5)): the second column
/// is the local address and port in hexadecimal, the fourth the state, the tenth the inode.
#[cfg(target_os = "linux")]
fn listening_inode(table: &str, port: u16) -> Option<u64> {
    const LISTEN: &str = "0A";
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (_, local_port) = columns.next()?.rsplit_once(':')?;
        let state = columns.nth(1)?;
        let listens = state == LISTEN && u16::from_str_radix(local_port, 16) == Ok(port);
        listens.then(|| columns.nth(5)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernels_table_is_understood() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:14CE 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n\
             1: 0100007F:14CE 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0\n\
             broken\n";
        assert_eq!(listening_inode(table, 5326), Some(222));
        assert_eq!(listening_inode(table, 5327), None);
        assert_eq!(listening_inode("", 5326), None);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_program_that_is_no_bridge_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let Holder::Program(program) = find(port).await else { panic!("this process holds it") };
        assert_eq!(program.pid, std::process::id());
        assert_eq!(sentence(port, &Holder::Program(program.clone())), {
            let Program { name, pid } = program;
            format!("Another program uses port {port} ({name}, {pid}).")
        });
    }

    /// Answers one request with `body`.
    async fn answering(body: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(reply.as_bytes()).await;
        });
        port
    }

    #[tokio::test]
    async fn another_bridge_is_recognised() {
        let port =
            answering(r#"{"status":"ready","name":"Jean Memory Bridge","version":"0.1.0","instance":"x"}"#)
                .await;
        assert_eq!(find(port).await, Holder::Bridge { version: "0.1.0".into() });
    }

    #[tokio::test]
    async fn what_only_looks_like_a_bridge_is_not_believed() {
        for body in [
            r#"{"status":"ready","name":"Other","version":"0.1.0"}"#,
            r#"{"name":"Jean Memory Bridge","version":"0.1\u001b[2J"}"#,
            "<html>",
            "",
        ] {
            let port = answering(body).await;
            assert!(!matches!(find(port).await, Holder::Bridge { .. }), "{body}");
        }
    }
}
