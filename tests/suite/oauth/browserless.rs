//! Clients that ask the authorization URL themselves: held for a while, then sent to wait elsewhere
//! (protocol.md 3.19, 3.21, 3.21a).

use bridge_core::control::{Account, Approve, Client as Socket};
use bridge_core::paths::Paths;
use serde_json::Value;

use crate::harness::bridge::Bridge;
use crate::harness::http::Answer;
use crate::harness::oauth::{Client, Pkce, SignIn, between};
use crate::harness::waiting::until;

/// The person, who answers within the seconds for which a client is held: a program would have to be started first.
fn person(bridge: &Bridge) -> Socket {
    Socket::new(Paths::under(bridge.home()))
}

/// The code of the one question, as soon as it is asked.
async fn the_code(bridge: &Bridge) -> String {
    let requests = until("a question", async || {
        let requests = person(bridge).requests().await.unwrap();
        (!requests.is_empty()).then_some(requests)
    })
    .await;
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests[0].code.clone()
}

async fn approve(bridge: &Bridge, code: &str) {
    let code = code.to_owned();
    let approve =
        Approve { code, question: None, account: Account::Sandbox {}, scopes: None, save_unchecked: false };
    person(bridge).approve(&approve).await.unwrap();
}

fn held(client: &Client, pkce: &Pkce) -> tokio::task::JoinHandle<Answer> {
    let (client, pkce) = (client.clone(), pkce.clone());
    tokio::spawn(async move { client.authorize_as_program(&pkce, &[]).await })
}

#[tokio::test]
async fn an_answer_in_time_is_the_redirect_itself() {
    // protocol.md 3.21a, 3.19
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for member in ["code", "error"] {
        let asking = held(&client, &Pkce::new());
        let code = the_code(&bridge).await;
        if member == "code" {
            approve(&bridge, &code).await;
        } else {
            person(&bridge).deny(&code).await.unwrap();
        }
        let told = asking.await.expect("it does not panic").assert_status(302);
        assert_eq!(told.header("cache-control"), Some("no-store"));
        assert_eq!(told.header("referrer-policy"), Some("no-referrer"));
        let back = told.redirect();
        assert!(back.get(member).is_some(), "{}", back.url);
        assert_eq!((back.get("state"), back.get("iss")), (Some("a-state"), Some(bridge.url())));
    }
}

#[tokio::test]
async fn without_an_answer_it_is_sent_on_and_arrives_by_following() {
    // protocol.md 3.21a
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    let first = client.authorize_as_program(&pkce, &[]).await.assert_status(303).redirect();
    assert!(first.url.starts_with("/oauth/wait/"), "{}", first.url);
    let second = client.http.get(&first.url).send().await.assert_status(303).redirect();
    assert_eq!(second.url, first.url, "of the same kind");
    let waiting = client.http.get(&second.url).send();
    let waiting = tokio::spawn(waiting);
    approve(&bridge, &the_code(&bridge).await).await;
    let back = waiting.await.expect("it does not panic").assert_status(302).redirect();
    let asked = SignIn {
        client: client.clone(),
        pkce,
        state: "a-state".into(),
        code: String::new(),
        transaction: String::new(),
    };
    asked.exchange(back.get("code").expect("a code")).await;
    // It is handed over once, whoever asks and how.
    client.http.get(&first.url).send().await.assert_error(400, "invalid_request");
    let done = client.http.get(&first.url).as_browser().send().await.assert_status(200).text();
    assert!(done.contains("<h1>Done</h1>") && !done.contains("code="), "{done}");
}

#[tokio::test]
async fn a_client_that_gives_up_and_opens_the_browser_is_one_question_and_gets_one_code() {
    // protocol.md 3.21: what FastMCP's client does
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "FastMCP").await;
    let pkce = Pkce::new();
    let probe = held(&client, &pkce);
    let code = the_code(&bridge).await;
    probe.abort();
    assert!(probe.await.is_err_and(|error| error.is_cancelled()));
    let page = client.authorize(&pkce, &[]).await.assert_status(200).text();
    assert_eq!(between(&page, "class=\"code\">", "<"), code, "the same question");
    assert_eq!(the_code(&bridge).await, code, "a dropped connection withdraws nothing");
    approve(&bridge, &code).await;
    let asked = SignIn {
        client: client.clone(),
        pkce,
        state: "a-state".into(),
        code,
        transaction: between(&page, "name=\"transaction\" value=\"", "\"").to_owned(),
    };
    let back = asked.finish().await;
    asked.exchange(back.get("code").expect("a code")).await;
}

#[tokio::test]
async fn of_many_who_wait_for_one_answer_one_gets_the_code() {
    // protocol.md 3.18, 3.22
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    let page = client.authorize(&pkce, &[]).await.assert_status(200).text();
    let all: Vec<_> = (0..10).map(|_| held(&client, &pkce)).collect();
    // Whether they come before the answer or after it makes no difference.
    approve(&bridge, between(&page, "class=\"code\">", "<")).await;
    let mut with_code = 0;
    for one in all {
        let answer = one.await.expect("it does not panic");
        match answer.status.as_u16() {
            302 => with_code += usize::from(answer.redirect().get("code").is_some()),
            _ => drop(answer.assert_error(400, "invalid_request")),
        }
    }
    assert_eq!(with_code, 1);
    assert_eq!(bridge.cli_json(&["requests"]).await, Value::Array(vec![]));
}
