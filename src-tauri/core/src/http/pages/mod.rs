//! The few pages a person sees in a browser. They wait, tell, and send on; no key is ever typed into them
//! and nothing is decided there (protocol.md D5, 9.20). They work without scripts.

mod language;
mod words;

use axum::Extension;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    VARY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::consent::Front;
use crate::ids::TransactionId;
use crate::oauth::{FinishError, PageError, RedirectCode, RedirectError, Waiting};
use crate::origin::{Origin, path};
use words::Value::{Code, Text};
pub(super) use words::Words;
use words::escape;

/// The style sheet's address.
pub(super) const STYLE: &str = "/assets/page.css";
/// The script's address.
pub(super) const SCRIPT: &str = "/assets/wait.js";

/// No `form-action`: Chromium would apply it to the redirect after the form and kill loopback and custom
/// scheme callbacks (protocol.md 3.20).
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Waits for a person; shows the matching code. Once they have answered, it hands the transaction in.
pub(super) fn waiting(words: &Words, id: &TransactionId, waiting: &Waiting, front: Front) -> Response {
    let (id, code, action) = (escape(id.as_str()), escape(&waiting.code), path::CALLBACK);
    let app = ("app", Text(&waiting.client_name));
    let form = |button: &str| {
        format!(
            "<form id=\"finish\" method=\"post\" action=\"{action}\" data-decided=\"{}\">\
             <input type=\"hidden\" name=\"transaction\" value=\"{id}\">{button}</form>",
            waiting.decided
        )
    };
    if waiting.displaced {
        let heading = words.say("displaced.heading", &[app]);
        let body = format!(
            "<h1>{heading}</h1><p>{}</p>{}",
            words.say("displaced.newer", &[]),
            form(&format!("<button>{}</button>", words.say("displaced.tell", &[app])))
        );
        // Without the script: the app no longer waits for this page, and must not be sent an old answer.
        return page(words, StatusCode::OK, &heading, "", &body);
    }
    let script = format!("<script src=\"{SCRIPT}\" defer></script>");
    if waiting.decided {
        let heading = words.say("answered.heading", &[]);
        let body = format!(
            "<h1>{heading}</h1><p>{}</p>{}",
            words.say("answered.goes_back", &[("host", Text(&waiting.goes_to))]),
            form(&format!("<button>{}</button>", words.say("answered.continue", &[app])))
        );
        return page(words, StatusCode::OK, &heading, &script, &body);
    }
    let again =
        format!("<noscript><meta http-equiv=\"refresh\" content=\"2;url={}/{id}\"></noscript>", path::WAIT);
    let (place, otherwise) = match front {
        Front::Windows => ("waiting.in_window", "waiting.no_window"),
        Front::Terminal => ("waiting.in_terminal", "waiting.any_terminal"),
    };
    let [approve, deny] = ["approve", "deny"].map(|verb| format!("jean-bridge {verb} {}", waiting.code));
    let body = format!(
        "<h1>{}</h1><p>{}</p><p class=\"code\">{code}</p><p class=\"quiet\">{}</p>\
         <p class=\"quiet\" role=\"status\">{}</p>{}",
        words.say("waiting.heading", &[app]),
        words.say(place, &[]),
        words.say(otherwise, &[("approve", Code(&approve)), ("deny", Code(&deny))]),
        words.say("waiting.goes_on", &[]),
        form("")
    );
    let title = words.say("waiting.title", &[("code", Text(&waiting.code))]);
    page(words, StatusCode::OK, &title, &(again + &script), &body)
}

/// An error that concerns the client itself; it never leads anywhere (protocol.md 3.2).
pub(super) fn refused(words: &Words, error: PageError) -> Response {
    let why = match error {
        PageError::ClientMissing => "refused.app_missing",
        PageError::ClientUnknown => "refused.app_unknown",
        PageError::DocumentUnusable => "refused.description_unusable",
        PageError::RedirectMissing => "refused.address_missing",
        PageError::RedirectMismatch => "refused.address_unknown",
        PageError::Busy => "refused.busy",
        PageError::Store => "refused.unreadable",
    };
    dead_end(words, why)
}

/// There is no outcome to hand over, or not any more.
pub(super) fn not_finished(words: &Words, error: FinishError) -> Response {
    match error {
        FinishError::Finished => {
            let heading = words.say("done.heading", &[]);
            let body = format!("<h1>{heading}</h1><p>{}</p>", words.say("done.close", &[]));
            page(words, StatusCode::OK, &heading, "", &body)
        }
        FinishError::Undecided | FinishError::Unknown => dead_end(words, "refused.nothing_waits"),
        FinishError::Store(_) => dead_end(words, "refused.unreadable"),
    }
}

fn dead_end(words: &Words, why: &str) -> Response {
    let heading = words.say("refused.heading", &[]);
    let body = format!(
        "<h1>{heading}</h1><p>{}</p><p class=\"quiet\">{}</p>",
        words.say(why, &[]),
        words.say("refused.connect_again", &[])
    );
    page(words, StatusCode::BAD_REQUEST, &heading, "", &body)
}

/// An error that the client should hear of; a person decides to go there (protocol.md 3.3).
pub(super) fn error_to_client(words: &Words, error: &RedirectError) -> Response {
    let (heading, why) = match error.code {
        RedirectCode::Resting => ("refused.heading", "fault.resting"),
        RedirectCode::TemporarilyUnavailable => ("refused.heading", "fault.crowded"),
        RedirectCode::InvalidRequest(_)
        | RedirectCode::UnsupportedResponseType
        | RedirectCode::InvalidScope
        | RedirectCode::InvalidTarget
        | RedirectCode::RequestNotSupported
        | RedirectCode::RequestUriNotSupported
        | RedirectCode::AccessDenied
        | RedirectCode::ServerError => ("fault.heading", "fault.named"),
    };
    let (code, description) = error.code.words();
    let (fault, host) = (format!("{code}: {description}"), error.redirect.host());
    let app = ("app", Text(&error.client_name));
    let heading = words.say(heading, &[]);
    let body = format!(
        "<h1>{heading}</h1><p>{}</p>\
         <p><a class=\"button\" rel=\"noreferrer\" href=\"{}\">{}</a></p>",
        words.say(why, &[app, ("fault", Code(&fault))]),
        escape(&error.location),
        words.say("fault.tell", &[app, ("host", Text(&host))]),
    );
    page(words, StatusCode::BAD_REQUEST, &heading, "", &body)
}

/// `GET /`: running, and how to connect.
pub(super) async fn home(Extension(origin): Extension<Origin>, words: &'static Words) -> Response {
    let mcp = escape(&origin.url(path::MCP));
    let heading = words.say("home.heading", &[]);
    let body = format!(
        "<h1>{heading}</h1><p>{}</p><p class=\"code\">{mcp}</p>\
         <p>Claude Code: <code>claude mcp add --scope user --transport http jean-memory {mcp}</code></p>\
         <p class=\"quiet\">{}</p>",
        words.say("home.connect", &[]),
        words.say("home.take_back", &[("revoke", Code("jean-bridge revoke"))])
    );
    page(words, StatusCode::OK, &heading, "", &body)
}

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("page.css"))
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("wait.js"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, text).into_response()
}

/// Title, head and body are HTML.
fn page(words: &Words, status: StatusCode, title: &str, head: &str, body: &str) -> Response {
    let language = words.language;
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"{STYLE}\">{head}</head>\
         <body><main>{body}</main></body></html>"
    );
    let headers: [(HeaderName, HeaderValue); 7] = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_LANGUAGE, HeaderValue::from_static(language)),
        (VARY, HeaderValue::from_static("accept-language")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Not `no-referrer`: the form's Origin would be `null`, which the door refuses (protocol.md 3.19).
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::oauth::redirect_uri::RedirectUri;
    use crate::store::StoreError;

    async fn text(page: Response) -> String {
        let body = page.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn question() -> Waiting {
        Waiting {
            client_name: "<i>App</i>".into(),
            code: "K7-42".into(),
            goes_to: "127.0.0.1".into(),
            decided: false,
            displaced: false,
            finished: false,
        }
    }

    fn error(code: RedirectCode) -> RedirectError {
        RedirectError {
            redirect: RedirectUri::parse("http://127.0.0.1:4567/").unwrap(),
            client_name: "<i>App</i>".into(),
            code,
            location: "http://127.0.0.1:4567/?error=x&state=%22".into(),
        }
    }

    /// One of each in that language.
    async fn every_page(words: &'static Words) -> Vec<Response> {
        let id = TransactionId::new("t");
        let (answered, displaced) = (
            Waiting { decided: true, ..question() },
            Waiting { decided: true, displaced: true, ..question() },
        );
        let origin = Origin::canonical(5326);
        let mut pages = vec![
            home(Extension(origin), words).await,
            waiting(words, &id, &question(), Front::Windows),
            waiting(words, &id, &question(), Front::Terminal),
            waiting(words, &id, &answered, Front::Windows),
            waiting(words, &id, &displaced, Front::Windows),
        ];
        pages.extend(
            [
                PageError::ClientMissing,
                PageError::ClientUnknown,
                PageError::DocumentUnusable,
                PageError::RedirectMissing,
                PageError::RedirectMismatch,
                PageError::Busy,
                PageError::Store,
            ]
            .map(|error| refused(words, error)),
        );
        pages.extend(
            [FinishError::Finished, FinishError::Unknown, FinishError::Store(StoreError::Failed)]
                .map(|error| not_finished(words, error)),
        );
        pages.extend(
            [RedirectCode::InvalidScope, RedirectCode::Resting, RedirectCode::TemporarilyUnavailable]
                .map(|code| error_to_client(words, &error(code))),
        );
        pages
    }

    #[tokio::test]
    async fn every_page_speaks_every_language() {
        let mut spoken = Vec::new();
        for language in ["en", "de"] {
            for page in every_page(Words::named(language).unwrap()).await {
                assert_eq!(page.headers()[CONTENT_LANGUAGE], language);
                assert_eq!(page.headers()[VARY], "accept-language");
                let html = text(page).await;
                assert!(html.starts_with(&format!("<!doctype html><html lang=\"{language}\">")), "{html}");
                assert!(!html.contains(['{', '}']) && !html.contains("<i>"), "{html}");
                spoken.push(html.split_once("<main>").unwrap().1.to_owned());
            }
        }
        let (english, german) = spoken.split_at(spoken.len() / 2);
        assert!(english.iter().zip(german).all(|(english, german)| english != german), "{spoken:?}");
    }

    #[tokio::test]
    async fn the_waiting_page_says_where_to_answer() {
        // design.md 4
        let page = |front| text(waiting(Words::english(), &TransactionId::new("t"), &question(), front));
        let (windows, terminal) = (page(Front::Windows).await, page(Front::Terminal).await);
        assert!(windows.contains("asks you in its own window") && !windows.contains("where the bridge runs"));
        assert!(terminal.contains("terminal where the bridge runs") && !terminal.contains("window"));
        for page in [windows, terminal] {
            assert!(page.contains("class=\"code\">K7-42<"), "{page}");
            for command in ["jean-bridge approve K7-42", "jean-bridge deny K7-42"] {
                assert!(page.contains(command), "{page}");
            }
        }
    }

    #[tokio::test]
    async fn an_error_has_a_sentence_for_people_and_what_the_app_is_told() {
        let page = |code| text(error_to_client(Words::named("de").unwrap(), &error(code)));
        let fault = page(RedirectCode::InvalidRequest("code_challenge is missing")).await;
        assert!(
            fault.contains("<code lang=\"en\">invalid_request: code_challenge is missing</code>"),
            "{fault}"
        );
        assert!(fault.contains("href=\"http://127.0.0.1:4567/?error=x&amp;state=%22\""), "{fault}");
        // Nothing is wrong with the request.
        let resting = page(RedirectCode::Resting).await;
        assert!(resting.contains("mehrmals abgelehnt") && !resting.contains("access_denied"), "{resting}");
    }
}
