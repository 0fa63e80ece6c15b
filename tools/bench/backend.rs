//! A backend that does nothing but answer, so that what is in front of it is measured: one tool that gives its text back. As the
//! Jean Memory API has it (`/mcp/messages/`), by Streamable HTTP (`/mcp`), and on the standard streams:
//!
//! ```text
//! backend PORT      prints its address when it listens; PORT 0 is any
//! backend stdio
//! ```
//!
//! One file without a library, so that the bench compiles it in a second. It reads what our own drivers and peers send and
//! nothing else: it is no example of how to read HTTP or JSON.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Tool calls that were answered, told at `/count`.
static CALLS: AtomicU64 = AtomicU64::new(0);

fn main() -> io::Result<()> {
    let how = std::env::args().nth(1).unwrap_or_default();
    if how == "stdio" {
        return standard_streams();
    }
    let listener = TcpListener::bind(("127.0.0.1", how.parse().unwrap_or(0)))?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || connection(&stream));
    }
    Ok(())
}

fn standard_streams() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        if let Some(answer) = answer(&line?) {
            writeln!(out, "{answer}")?;
            out.flush()?;
        }
    }
    Ok(())
}

/// Requests of one connection, until it ends.
fn connection(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream);
    let mut output = stream;
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let mut length = 0;
        loop {
            line.clear();
            input.read_line(&mut line)?;
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
        }
        body.resize(length, 0);
        input.read_exact(&mut body)?;
        let (status, answer) = match (method.as_str(), path.as_str()) {
            ("POST", "/mcp" | "/mcp/messages/") => match answer(&String::from_utf8_lossy(&body)) {
                Some(answer) => ("200 OK", answer),
                None => ("202 Accepted", String::new()),
            },
            ("POST", "/sdk/validate-developer") => {
                ("200 OK", r#"{"status":"valid","developer_id":"00000000-0000-4000-8000-000000000001"}"#.to_owned())
            }
            ("GET", "/health") => ("200 OK", r#"{"status":"healthy"}"#.to_owned()),
            ("GET", "/count") => ("200 OK", CALLS.load(Ordering::Relaxed).to_string()),
            // No stream of its own, no sessions.
            _ => ("405 Method Not Allowed", "{}".to_owned()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        output.write_all(&[head.as_bytes(), answer.as_bytes()].concat())?;
    }
}

/// The answer to a message; none to a notification.
fn answer(message: &str) -> Option<String> {
    let id = after(message, "\"id\":")?.split([',', '}']).next()?;
    let method = after(message, "\"method\":")?.split('"').nth(1)?;
    let result = match method {
        "initialize" => {
            r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"backend","version":"1"}}"#.to_owned()
        }
        "tools/list" => {
            r#"{"tools":[{"name":"ask_memory","description":"Gives back what it was asked.","inputSchema":{"type":"object","properties":{"question":{"type":"string"}},"required":["question"]}}]}"#.to_owned()
        }
        "tools/call" => {
            CALLS.fetch_add(1, Ordering::Relaxed);
            let question = after(message, "\"question\":").and_then(|rest| rest.split('"').nth(1)).unwrap_or_default();
            format!(r#"{{"content":[{{"type":"text","text":"{question}"}}]}}"#)
        }
        _ => "{}".to_owned(),
    };
    Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.find(mark).map(|at| text[at + mark.len()..].trim_start())
}
