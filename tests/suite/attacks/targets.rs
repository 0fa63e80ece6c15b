//! A client's description as a way into the home network: names that lead where no name should.

use std::ffi::OsString;
use std::net::TcpListener;

use super::world::questions;
use crate::harness::bridge::BridgeOptions;
use crate::harness::oauth::{Client, Pkce};
use crate::system::mounts;

/// Names are those of the file $1 and no others, as $2 and $3 (nsswitch.conf, resolv.conf) say; becomes what follows.
pub(super) const ONLY_THESE_NAMES: &str = r#"mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf &&
mount --bind "$3" /etc/resolv.conf || exit 99; shift 3; exec "$@""#;

#[tokio::test]
async fn a_name_that_leads_into_this_computer_or_its_network_is_never_connected_to() {
    if !mounts::are_possible() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let (hosts, switch) = (folder.path().join("hosts"), folder.path().join("nsswitch.conf"));
    std::fs::write(&switch, "hosts: files\n").unwrap();
    std::fs::write(
        &hosts,
        "127.0.0.1 loopback.example\n::1 loopback6.example\n127.0.0.9 another.example\n\
         0.0.0.0 zero.example\n10.0.0.1 private.example\n169.254.169.254 cloud.example\n\
         ::ffff:127.0.0.1 mapped.example\n64:ff9b::7f00:1 translated.example\nfe80::1 link.example\n\
         127.0.0.1 xn--mnchen-3ya.example\n",
    )
    .unwrap();
    let wrapper =
        mounts::in_namespace(ONLY_THESE_NAMES, [OsString::from(&hosts), switch.into(), "/dev/null".into()]);
    let bridge = BridgeOptions::default().wrapped(wrapper).start().await;
    for name in [
        "loopback",
        "loopback6",
        "another",
        "zero",
        "private",
        "cloud",
        "mapped",
        "translated",
        "link",
        "xn--mnchen-3ya",
        "unknown",
    ] {
        let id = format!("https://{name}.example:{port}/client.json");
        let redirect_uri = "http://127.0.0.1:9/callback".to_owned();
        let client = Client { http: bridge.http(), id: id.clone(), redirect_uri, secret: None };
        let page = client.authorize(&Pkce::new(), &[]).await.assert_status(400);
        assert!(page.header("location").is_none(), "{id}");
        // Neither what was found out about the network nor why it failed.
        let text = page.text();
        for word in ["refused", "timed out", "127.0.0.1", "resolve", "loopback", "private", "certificate"] {
            assert!(!text.contains(word) || id.contains(word), "{id}: {word} in {text}");
        }
    }
    let visitor = listener.accept().err().map(|error| error.kind());
    assert_eq!(visitor, Some(std::io::ErrorKind::WouldBlock), "nobody came");
    assert!(questions(&bridge).await.is_empty());
}
