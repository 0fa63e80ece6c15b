//! Clients that ask the authorization URL themselves: held for a while, then sent to wait elsewhere
//! (protocol.md 3.19, 3.21, 3.21a).

use serde_json::Value;

use crate::harness::bridge::Bridge;
use crate::harness::http::{Answer, PATIENCE};
use crate::harness::oauth::{Client, Pkce, SignIn, between};

/// The code of the one question, as soon as it is asked.
async fn the_code(bridge: &Bridge) -> String {
    let asked = async {
        loop {
            let requests = bridge.cli_json(&["requests"]).await;
            if let Some(code) = requests[0]["code"].as_str() {
                assert_eq!(requests.as_array().map(Vec::len), Some(1), "{requests}");
                return code.to_owned();
            }
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("a question")
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
    for (answer, member) in [(["approve", "--sandbox"].as_slice(), "code"), (&["deny"], "error")] {
        let asking = held(&client, &Pkce::new());
        let code = the_code(&bridge).await;
        bridge.cli_ok(&[&[answer[0], &code], &answer[1..]].concat()).await;
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
    bridge.cli_ok(&["approve", &the_code(&bridge).await, "--sandbox"]).await;
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
    bridge.cli_ok(&["approve", &code, "--sandbox"]).await;
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
    bridge.cli_ok(&["approve", between(&page, "class=\"code\">", "<"), "--sandbox"]).await;
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
