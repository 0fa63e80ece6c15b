//! What is told, in which words, and what a click leads to.

use bridge_core::ids::{AccountId, ClientId, QuestionId};

use crate::names;
use crate::windows::place::Place;
use crate::words::Words;

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A question waits, and nobody has its window before them.
    Waiting { question: QuestionId, app: String },
    /// A question waits and cannot be asked here.
    CannotAsk { app: String, code: String },
    /// The page that asked is dead, and the question refused.
    ConsentBroke { app: String },
    /// The page of the main window is dead, and the window gone.
    MainBroke,
    /// Jean Memory does not accept the key of an account any more.
    NewKey(AccountId),
    /// An app was signed out for safety.
    SignedOut { client: ClientId, app: String },
    /// An app has thrown away what connected it.
    LostConnection { id: String, app: String },
    /// Apps lead to where the bridge was before.
    OldAddress,
    /// The app was uninstalled, and ends.
    Removed,
    /// A newer version is out.
    NewVersion { version: String },
    /// What was chosen in the tray did not work.
    Failed,
}

/// A notification as the system gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// A newer one with the same tag takes its place.
    pub(super) tag: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) on_click: Click,
}

/// What a click on it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Click {
    Question(QuestionId),
    Main(Place),
}

impl Notice {
    /// By which the notification about a question is found again.
    pub(super) fn waiting_tag(question: &QuestionId) -> String {
        format!("waiting {question}")
    }

    pub(super) fn message(&self, words: &Words) -> Message {
        let say = |key: &str, values: &[(&str, &str)]| {
            (words.say(&format!("notice.{key}"), values), words.say(&format!("notice.{key}_means"), values))
        };
        let anywhere = Click::Main(Place::Anywhere);
        let (tag, (title, body), on_click) = match self {
            Self::Waiting { question, app } => (
                Self::waiting_tag(question),
                say("waiting", &[("app", &names::plain(app))]),
                Click::Question(question.clone()),
            ),
            Self::CannotAsk { app, code } => (
                format!("cannot ask {code}"),
                say("cannot_ask", &[("app", &names::plain(app)), ("code", code)]),
                anywhere,
            ),
            Self::ConsentBroke { app } => {
                ("consent broke".into(), say("consent_broke", &[("app", &names::plain(app))]), anywhere)
            }
            Self::MainBroke => ("main broke".into(), say("main_broke", &[]), anywhere),
            Self::NewKey(id) => {
                (format!("new key {id}"), say("new_key", &[]), Click::Main(Place::Key(id.clone())))
            }
            Self::SignedOut { client, app } => (
                format!("signed out {client}"),
                say("signed_out", &[("app", &names::plain(app))]),
                Click::Main(Place::Apps),
            ),
            Self::LostConnection { id, app } => (
                format!("lost connection {id}"),
                say("lost_connection", &[("app", &names::plain(app))]),
                Click::Main(Place::ConnectApp(id.clone())),
            ),
            Self::OldAddress => ("old address".into(), say("old_address", &[]), anywhere),
            Self::Removed => ("removed".into(), say("removed", &[]), anywhere),
            Self::NewVersion { version } => (
                "new version".into(),
                say("new_version", &[("version", version)]),
                Click::Main(Place::Settings),
            ),
            Self::Failed => ("failed".into(), say("failed", &[]), anywhere),
        };
        Message { tag, title, body, on_click }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Notice> {
        let app = || "Claude <b>& Code_".to_owned();
        vec![
            Notice::Waiting { question: QuestionId::new("q"), app: app() },
            Notice::CannotAsk { app: app(), code: "K7-42".into() },
            Notice::ConsentBroke { app: app() },
            Notice::MainBroke,
            Notice::NewKey(AccountId::new("a")),
            Notice::SignedOut { client: ClientId::new("c"), app: app() },
            Notice::LostConnection { id: "claude-desktop".into(), app: app() },
            Notice::OldAddress,
            Notice::Removed,
            Notice::NewVersion { version: "0.2.0".into() },
            Notice::Failed,
        ]
    }

    #[test]
    fn every_notice_has_words_in_every_language() {
        for language in ["en", "de"] {
            let words = Words::of(Some(language));
            for notice in all() {
                let Message { title, body, .. } = notice.message(&words);
                assert!(
                    !title.starts_with("notice.") && !body.starts_with("notice."),
                    "{language} {notice:?}"
                );
                assert!(!title.contains('{') && !body.contains('{'), "{language} {notice:?}: {title} {body}");
            }
        }
    }

    #[test]
    fn a_name_is_no_markup() {
        let words = Words::of(Some("en"));
        for notice in all() {
            let Message { title, body, .. } = notice.message(&words);
            assert!(!format!("{title}{body}").contains(['<', '>', '&']), "{notice:?}");
        }
    }

    #[test]
    fn a_rejected_key_leads_to_where_a_new_one_is_given() {
        let message = Notice::NewKey(AccountId::new("jba1")).message(&Words::of(Some("en")));
        let Click::Main(place) = message.on_click else { panic!("the main window") };
        assert_eq!(place.to_string(), "#accounts/jba1/key");
    }
}
