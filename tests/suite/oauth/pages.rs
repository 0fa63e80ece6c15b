//! The pages a person sees in the browser: they wait, tell and send on, with or without scripts, and nothing is
//! decided there (protocol.md 3.19, 3.20, 9.18 to 9.20).

use serde_json::json;

use crate::harness::bridge::Bridge;
use crate::harness::http::Answer;
use crate::harness::oauth::{Client, Pkce, between};

#[track_caller]
fn assert_safe(page: &Answer) {
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    // Not `no-referrer`: the form's Origin would be `null` (3.19).
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    assert_eq!(page.header("set-cookie"), None, "no cookies on an address without ports (9.19)");
    let policy = page.header("content-security-policy").expect("a policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    // Chromium would apply it to the redirect after the form (3.20).
    assert!(!policy.contains("form-action"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    let text = page.text();
    for inline in ["<script>", "javascript:", " onclick", " onload", " style=", "<style", "<img", "<iframe"] {
        assert!(!text.contains(inline), "{inline} in {text}");
    }
    assert!(!text.contains("src=\"http") && !text.contains("href=\"//"), "nothing from elsewhere: {text}");
}

#[tokio::test]
async fn every_page_is_locked_down() {
    // protocol.md 9.18, 9.19, 3.19, 3.20
    let bridge = Bridge::start().await;
    let http = bridge.http();
    let client = Client::register(&bridge, "App").await;
    assert_safe(&client.authorize(&Pkce::new(), &[("scope", "admin")]).await.assert_status(400));
    assert_safe(&client.authorize(&Pkce::new(), &[("client_id", "x")]).await.assert_status(400));
    assert_safe(&http.get("/").as_browser().send().await.assert_status(200));
    let asked = client.ask(&[]).await;
    let waiting = format!("/oauth/wait/{}", asked.transaction);
    assert_safe(&http.get(&waiting).as_browser().send().await.assert_status(200));
    bridge.cli_ok(&["deny", &asked.code]).await;
    assert_safe(&http.get(&waiting).as_browser().send().await.assert_status(200));
    asked.finish().await;
    assert_safe(&asked.hand_in().await.assert_status(200));
    assert_safe(&http.get(&waiting).as_browser().send().await.assert_status(200));
    assert_safe(&http.get("/oauth/wait/unknown").as_browser().send().await.assert_status(400));
    assert_safe(&http.get("/oauth/wait/%ff").as_browser().send().await.assert_status(400));
}

#[tokio::test]
async fn pages_speak_the_language_of_the_browser_and_clients_hear_english() {
    // RFC 9110 §12.5.4; RFC 6749 §4.1.2.1
    const GERMAN: &str = "de-AT,de;q=0.9,en-US;q=0.8,en;q=0.7";
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    let authorize = |changes| format!("/oauth/authorize?{}", client.query(&pkce, changes));
    let unknown = [("client_id", "unknown")];
    let unusable = [("scope", "admin")];
    for (path, status, english, german) in [
        (authorize(&[]), 200, "App wants to use your memories", "App möchte die Erinnerungen verwenden"),
        (authorize(&unusable), 400, "something that does not work", "etwas angefragt, das nicht geht"),
        (
            authorize(&unknown),
            400,
            "This app is not registered here.",
            "Diese App ist hier nicht angemeldet.",
        ),
        ("/oauth/wait/unknown".into(), 400, "Nothing waits here any more.", "Hier wartet nichts mehr."),
        ("/".into(), 200, "Jean Memory Bridge is running", "Jean Memory Bridge läuft"),
    ] {
        let page = |header| client.http.get(&path).as_browser().header("accept-language", header).send();
        let french = format!("{}fr;q=0.1", "fr;q=NaN,".repeat(5000));
        for (header, language, sentence) in [
            (GERMAN, "de", german),
            ("en-US,en;q=0.9,de;q=0.1", "en", english),
            ("de;q=0, *", "en", english),
            (french.as_str(), "en", english),
        ] {
            let page = page(header).await.assert_status(status);
            assert_safe(&page);
            assert_eq!(page.header("content-language"), Some(language));
            assert_eq!(page.header("vary"), Some("accept-language"));
            let text = page.text();
            assert!(
                text.contains(&format!("<html lang=\"{language}\">")) && text.contains(sentence),
                "{text}"
            );
        }
    }
    let told = client.http.get(&authorize(&unusable)).header("accept-language", GERMAN).send().await;
    assert_eq!(told.redirect().get("error_description"), Some("the scopes are read and write"));
    let told = client.http.get(&authorize(&unknown)).header("accept-language", GERMAN).send().await;
    assert_eq!(told.json()["error_description"], "this app is not registered here");
}

#[tokio::test]
async fn what_the_pages_load_is_their_own() {
    // protocol.md 9.18
    let bridge = Bridge::start().await;
    let page = bridge.http();
    let client = Client::register(&bridge, "App").await;
    let text = client.authorize(&Pkce::new(), &[]).await.text();
    let style = between(&text, "<link rel=\"stylesheet\" href=\"", "\"");
    let script = between(&text, "<script src=\"", "\"");
    for (path, kind) in [(style, "text/css; charset=utf-8"), (script, "text/javascript; charset=utf-8")] {
        let asset = page.get(path).send().await.assert_status(200);
        assert_eq!(asset.header("content-type"), Some(kind));
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
        assert!(!asset.text().contains("http://") && !asset.text().contains("https://"));
    }
}

#[tokio::test]
async fn a_browser_without_scripts_arrives_by_reloading_and_one_button() {
    // protocol.md 3.22, design.md 4: the page works without scripts
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let page = client.authorize(&Pkce::new(), &[]).await.assert_status(200).text();
    let code = between(&page, "class=\"code\">", "<").to_owned();
    let reload = between(between(&page, "<noscript>", "</noscript>"), "url=", "\"").to_owned();
    let again = client.http.get(&reload).as_browser().send().await.assert_status(200).text();
    assert_eq!(between(&again, "class=\"code\">", "<"), code, "the same page");
    assert!(!again.contains("<button"), "nothing to press before a person has answered");
    bridge.cli_ok(&["approve", &code, "--sandbox"]).await;
    let answered = client.http.get(&reload).as_browser().send().await.assert_status(200).text();
    assert!(
        answered.contains("<button>Continue to App</button>") && answered.contains("(127.0.0.1)"),
        "{answered}"
    );
    assert!(!answered.contains("<noscript>"), "it does not go on by itself without scripts");
    let action = between(&answered, "action=\"", "\"");
    let transaction = between(&answered, "name=\"transaction\" value=\"", "\"");
    let back = client.http.post(action).form(&[("transaction", transaction)]).send().await;
    assert!(back.assert_status(303).redirect().get("code").is_some());
}

#[tokio::test]
async fn the_page_hears_of_the_answer_as_soon_as_it_is_given_and_nothing_more() {
    // protocol.md 9.20: the page only waits
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let news = format!("/oauth/wait/{}/state", asked.transaction);
    let listening = tokio::spawn(client.http.get(&news).send());
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let heard = listening.await.expect("it does not panic").assert_status(200);
    assert_eq!(heard.json(), json!({ "decided": true, "displaced": false }));
    assert_eq!(heard.header("cache-control"), Some("no-store"));
    bridge.http().get("/oauth/wait/unknown/state").send().await.assert_error(404, "not_found");
    // Hearing is not taking: the outcome is still there.
    assert!(asked.finish().await.get("code").is_some());
}

#[tokio::test]
async fn neither_a_get_nor_a_form_of_the_page_decides_anything() {
    // protocol.md D5, 9.20, 9.21
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let (transaction, code) = (asked.transaction.as_str(), asked.code.as_str());
    for form in [
        vec![("transaction", transaction), ("decision", "allow")],
        vec![("transaction", transaction), ("approve", "true"), ("code", code)],
        vec![("transaction", transaction), ("account", "sandbox"), ("scopes", "read write")],
    ] {
        let still =
            client.http.post("/oauth/callback").form(&form).send().await.assert_status(303).redirect();
        assert_eq!(still.url, format!("/oauth/wait/{transaction}"));
    }
    for path in ["/oauth/approve", "/oauth/consent", "/v1/requests/approve", "/v1/requests"] {
        client
            .http
            .post(path)
            .json(&json!({ "code": code, "account": { "kind": "sandbox" } }))
            .send()
            .await
            .assert_status(404);
    }
    assert_eq!(bridge.cli_json(&["requests"]).await.as_array().map(Vec::len), Some(1));
}
