//! The way to Jean Memory, and whether it accepts the keys.

use serde::{Deserialize, Serialize};

use super::Told;

/// What was found of Jean Memory and of the accounts there. A key is shown by its last characters only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum MemoriesFinding {
    /// It answers.
    UpstreamFine {
        /// Its host.
        host: String,
        /// How long it took.
        took_ms: u64,
    },
    /// The sandbox answers for every account.
    UpstreamSandbox,
    /// It was not asked: a person paused the bridge.
    UpstreamPaused,
    /// Its name cannot be resolved.
    UpstreamDns {
        /// Its host.
        host: String,
    },
    /// Nobody listens there.
    UpstreamRefused {
        /// Its host.
        host: String,
    },
    /// The certificate is not trusted, or is not for now.
    UpstreamTls {
        /// Its host.
        host: String,
    },
    /// This computer trusts nobody.
    UpstreamNoTrustStore,
    /// The proxy lets nothing through.
    UpstreamProxy {
        /// Its host.
        host: String,
    },
    /// The network failed.
    UpstreamNetwork {
        /// Its host.
        host: String,
    },
    /// It did not answer in time.
    UpstreamSlow {
        /// Its host.
        host: String,
    },
    /// It is busy.
    UpstreamBusy {
        /// Its host.
        host: String,
    },
    /// It answers with a fault of its own.
    UpstreamFault {
        /// Its host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// Something else answers: a web page, a redirect.
    UpstreamSomebodyElse {
        /// Its host.
        host: String,
    },
    /// `api_base_url` is no address that a key may be sent to.
    UpstreamAddress {
        /// Why: a clause.
        reason: String,
    },
    /// There is none yet.
    NoAccount,
    /// Jean Memory accepts the key.
    KeyAccepted {
        /// The account's name.
        account: String,
        /// The last characters of the key.
        key_hint: String,
    },
    /// The sandbox needs none.
    KeyOfSandbox {
        /// The account's name.
        account: String,
    },
    /// Jean Memory does not accept it.
    KeyRejected {
        /// The account's name.
        account: String,
        /// The last characters of the key.
        key_hint: String,
    },
    /// There is none for the account.
    KeyMissing {
        /// The account's name.
        account: String,
        /// The last characters of the key.
        key_hint: String,
    },
    /// The keychain does not give it.
    KeyUnreadable {
        /// The account's name.
        account: String,
        /// The last characters of the key.
        key_hint: String,
    },
    /// Jean Memory could not be asked about it.
    KeyUnchecked {
        /// The account's name.
        account: String,
        /// The last characters of the key.
        key_hint: String,
    },
    /// No key was checked: a person paused the bridge.
    KeysPaused,
    /// It is in the environment of the bridge, which does not run.
    KeyElsewhere {
        /// The account's name.
        account: String,
        /// The last characters of the key.
        key_hint: String,
    },
    /// The list of accounts cannot be read.
    AccountsUnreadable,
}

impl MemoriesFinding {
    pub(super) fn told(&self) -> Told {
        let resume = "Resume it, then try again.";
        let goes_on = "The bridge goes on by itself once it works.";
        match self {
            Self::UpstreamFine { host, took_ms } => Told::ok(format!("{host} answers ({took_ms} ms).")),
            Self::UpstreamSandbox => Told::ok("The sandbox of this computer answers for every account."),
            Self::UpstreamPaused => {
                Told::note("The bridge is paused, so Jean Memory was not asked.").cure(resume)
            }
            Self::UpstreamDns { host } => Told::failed(format!("The name {host} cannot be resolved."))
                .cure(format!("Check the network, DNS and VPN. {goes_on}")),
            Self::UpstreamRefused { host } => Told::failed(format!("{host} refuses the connection."))
                .cure(format!("Try again later, and check a firewall or `api_base_url`. {goes_on}")),
            Self::UpstreamTls { host } => Told::failed(format!("A secure connection to {host} is not possible."))
                .cure(
                    "Check the clock of this computer, and whether a firewall or virus scanner reads along: this \
                     system must trust its certificate.",
                ),
            Self::UpstreamNoTrustStore => {
                Told::failed("This system has no certificates, so no secure connection is possible.")
                    .cure("Install the package ca-certificates.")
            }
            Self::UpstreamProxy { host } => Told::failed(format!("The proxy does not let a connection to {host} through."))
                .cure("Check the proxy settings of the system or HTTPS_PROXY, then restart the bridge."),
            Self::UpstreamNetwork { host } => Told::failed(format!("The connection to {host} fails."))
                .cure(format!("Check the network. {goes_on}")),
            Self::UpstreamSlow { host } => Told::failed(format!("{host} does not answer in time."))
                .cure("It may be waking up: try again in a minute. If it stays so, check the network."),
            Self::UpstreamBusy { host } => {
                Told::warning(format!("{host} is busy and asks to wait.")).cure("Try again in a minute.")
            }
            Self::UpstreamFault { host, status } => {
                Told::failed(format!("{host} answers with a fault of its own (HTTP {status})."))
                    .cure(format!("Try again later. {goes_on}"))
            }
            Self::UpstreamSomebodyElse { host } => {
                Told::failed(format!("What answers as {host} is not the Jean Memory API: a web page, or something else."))
                    .cure("Sign in to the network if it asks for that, and check the proxy and `api_base_url`; else try later.")
            }
            Self::UpstreamAddress { reason } => Told::failed(format!("`api_base_url` cannot be used: {reason}."))
                .cure("Correct it in the settings."),
            Self::NoAccount => Told::note("There is no account yet.")
                .cure("Add one: Accounts in the window, or jean-bridge accounts add --key-stdin"),
            Self::KeyAccepted { account, key_hint } => {
                Told::ok(format!("Jean Memory accepts the key of {account} ({key_hint})."))
            }
            Self::KeyOfSandbox { account } => Told::ok(format!("{account} works without a key.")),
            Self::KeyRejected { account, key_hint } => {
                Told::failed(format!("Jean Memory does not accept the key of {account} ({key_hint})."))
                    .cure("Give it a new key: Accounts in the window, or jean-bridge accounts add --key-stdin")
            }
            Self::KeyMissing { account, key_hint } => {
                Told::failed(format!("The key of {account} ({key_hint}) is not in the keychain."))
                    .cure("Give it again: Accounts in the window, or jean-bridge accounts add --key-stdin")
            }
            Self::KeyUnreadable { account, key_hint } => {
                Told::unknown(format!("The keychain does not give the key of {account} ({key_hint})."))
                    .cure("See to the keychain first.")
            }
            Self::KeyUnchecked { account, key_hint } => Told::unknown(format!(
                "The key of {account} ({key_hint}) could not be checked: Jean Memory did not answer."
            ))
            .cure("See to the way to Jean Memory first."),
            Self::KeysPaused => Told::note("The bridge is paused, so no key was checked.").cure(resume),
            Self::KeyElsewhere { account, key_hint } => Told::unknown(format!(
                "The key of {account} ({key_hint}) is in the environment of the bridge, which does not run."
            ))
            .cure("Start the bridge, then try again."),
            Self::AccountsUnreadable => {
                Told::unknown("The list of accounts cannot be read.").cure("See to the database first.")
            }
        }
    }
}
