//! The few pages a person sees in a browser. They wait, tell, and send on; no key is ever typed into them
//! and nothing is decided there (protocol.md D5, 9.20). They work without scripts.

use axum::Extension;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::consent::Front;
use crate::ids::TransactionId;
use crate::oauth::{RedirectError, Waiting};
use crate::origin::{Origin, path};

/// The style sheet's address.
pub(super) const STYLE: &str = "/assets/page.css";
/// The script's address.
pub(super) const SCRIPT: &str = "/assets/wait.js";

/// No `form-action`: Chromium would apply it to the redirect after the form and kill loopback and custom
/// scheme callbacks (protocol.md 3.20).
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Waits for a person; shows the matching code. Once they have answered, it hands the transaction in.
pub(super) fn waiting(id: &TransactionId, waiting: &Waiting, front: Front) -> Response {
    let (name, code, id) = (escape(&waiting.client_name), escape(&waiting.code), escape(id.as_str()));
    let action = path::CALLBACK;
    let form = |button: &str| {
        format!(
            "<form id=\"finish\" method=\"post\" action=\"{action}\" data-decided=\"{}\">\
             <input type=\"hidden\" name=\"transaction\" value=\"{id}\">{button}</form>",
            waiting.decided
        )
    };
    if waiting.displaced {
        let button = form(&format!("<button>Tell {name} and go back</button>"));
        let body = format!(
            "<h1>{name} has asked again</h1>\
             <p>It asked so often that this request was refused to make room for a newer one. Answer the newest, and \
             close this page.</p>{button}"
        );
        // Without the script: the app no longer waits for this page, and must not be sent an old answer.
        return page(StatusCode::OK, "Asked again", "", &body, false);
    }
    if waiting.decided {
        let goes_to = escape(&waiting.goes_to);
        let button = format!("<button>Continue to {name}</button>");
        let body = format!(
            "<h1>You have answered</h1><p>Next, this page goes back to the app ({goes_to}).</p>{}",
            form(&button)
        );
        return page(StatusCode::OK, "Answered", "", &body, true);
    }
    let again =
        format!("<noscript><meta http-equiv=\"refresh\" content=\"2;url={}/{id}\"></noscript>", path::WAIT);
    let (place, otherwise) = match front {
        Front::Windows => (
            "Jean Memory Bridge asks you in its own window; it shows the same code:",
            "No window to be seen? Open Jean Memory Bridge, or answer in a terminal:",
        ),
        Front::Terminal => {
            ("Answer in the terminal where the bridge runs. It shows the same code:", "Or in any terminal:")
        }
    };
    let body = format!(
        "<h1>{name} wants to use your memories</h1><p>{place}</p>\
         <p class=\"code\">{code}</p>\
         <p class=\"quiet\">{otherwise} <code>jean-bridge approve {code}</code> or \
         <code>jean-bridge deny {code}</code></p>\
         <p class=\"quiet\" role=\"status\">This page goes on by itself once you have answered.</p>{}",
        form("")
    );
    page(StatusCode::OK, &format!("{code} – waiting for your answer"), &again, &body, true)
}

/// An error that concerns the client itself; it never leads anywhere (protocol.md 3.2).
pub(super) fn refused(why: &str) -> Response {
    let body = format!(
        "<h1>This cannot go on</h1><p>{}.</p>\
         <p class=\"quiet\">Go back to the app and connect it again. If it stays like this, remove the \
         connection there and add it anew.</p>",
        escape(&capitalized(why.trim_end_matches('.')))
    );
    page(StatusCode::BAD_REQUEST, "This cannot go on", "", &body, false)
}

/// An error that the client should hear of; a person decides to go there (protocol.md 3.3).
pub(super) fn error_to_client(error: &RedirectError) -> Response {
    let (code, description) = error.code.words();
    let body = format!(
        "<h1>The app asked for something that does not work</h1>\
         <p>{name} sent a request that the bridge cannot answer: {description} ({code}).</p>\
         <p><a class=\"button\" rel=\"noreferrer\" href=\"{location}\">Tell {name} and go back ({host})</a></p>",
        name = escape(&error.client_name),
        description = escape(description),
        code = escape(code),
        location = escape(&error.location),
        host = escape(&error.redirect.host()),
    );
    page(StatusCode::BAD_REQUEST, "The request does not work", "", &body, false)
}

/// The outcome was already handed over.
pub(super) fn finished() -> Response {
    let body = "<h1>Done</h1><p>The app has its answer. You can close this page.</p>";
    page(StatusCode::OK, "Done", "", body, false)
}

/// `GET /`: running, and how to connect.
pub(super) async fn home(Extension(origin): Extension<Origin>) -> Response {
    let mcp = escape(&origin.url(path::MCP));
    let body = format!(
        "<h1>Jean Memory Bridge is running</h1>\
         <p>Connect an AI app on this computer to this address:</p><p class=\"code\">{mcp}</p>\
         <p>Claude Code: <code>claude mcp add --scope user --transport http jean-memory {mcp}</code></p>\
         <p class=\"quiet\">Every app asks you first, and you can take the answer back at any time: in Jean Memory \
         Bridge, or in a terminal with <code>jean-bridge revoke</code>.</p>"
    );
    page(StatusCode::OK, "Jean Memory Bridge", "", &body, false)
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

fn page(status: StatusCode, title: &str, head: &str, body: &str, scripted: bool) -> Response {
    let script = if scripted { format!("<script src=\"{SCRIPT}\" defer></script>") } else { String::new() };
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><link rel=\"stylesheet\" href=\"{STYLE}\">{head}{script}</head>\
         <body><main>{body}</main></body></html>",
        escape(title)
    );
    let headers: [(HeaderName, HeaderValue); 5] = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Not `no-referrer`: the form's Origin would be `null`, which the door refuses (protocol.md 3.19).
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (status, headers, html).into_response()
}

/// Text of a stranger inside HTML, in elements and in quoted attributes (protocol.md 9.19).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn text(waiting: &Waiting, front: Front) -> String {
        let page = super::waiting(&TransactionId::new("t"), waiting, front);
        let body = page.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_waiting_page_says_where_to_answer() {
        // design.md 4
        let waiting = Waiting {
            client_name: "App".into(),
            code: "K7-42".into(),
            goes_to: "127.0.0.1".into(),
            decided: false,
            displaced: false,
            finished: false,
        };
        let (windows, terminal) =
            (text(&waiting, Front::Windows).await, text(&waiting, Front::Terminal).await);
        assert!(windows.contains("asks you in its own window") && !windows.contains("where the bridge runs"));
        assert!(terminal.contains("terminal where the bridge runs") && !terminal.contains("window"));
        for page in [windows, terminal] {
            assert!(page.contains("class=\"code\">K7-42<"), "{page}");
            for command in ["jean-bridge approve K7-42", "jean-bridge deny K7-42"] {
                assert!(page.contains(command), "{page}");
            }
        }
    }
}
