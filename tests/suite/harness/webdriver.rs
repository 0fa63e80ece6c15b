//! Sees and uses the app's windows through `WebKitWebDriver`, as the W3C has it.
//!
//! The driver attaches to the app that a test has started; tauri.md 10 says what it can and cannot do there.

mod element;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::desktop::{Desktop, Process};
use super::http::{Http, PATIENCE};
use super::pictures;
use super::ports::free_port;
use super::screen::Screen;
use super::waiting::until;
pub(crate) use element::Element;

const POLL: Duration = Duration::from_millis(20);
/// The member that makes a JSON object a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver, attached to one app or with a browser of its own.
pub(crate) struct Driver {
    http: Http,
    /// Of the app that it is attached to.
    screen: Option<Screen>,
    session: Mutex<Session>,
    _process: Process,
}

/// There is one at a time; it ends with the last window.
#[derive(Default)]
struct Session {
    id: Option<String>,
    /// The window that it looks at.
    window: Option<String>,
}

/// What the driver refused to do, in its words.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) message: String,
}

/// A page in a window of the app.
#[derive(Clone)]
pub(crate) struct Page<'a> {
    driver: &'a Driver,
    window: String,
}

impl Driver {
    /// Starts one for the app that shows its windows on this screen, and to inspectors at this address.
    pub(crate) fn start(screen: Screen, inspector: SocketAddr) -> Self {
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver.arg(format!("--port={port}")).arg(format!("--target={inspector}"));
        Self::of(driver, port, Some(screen))
    }

    /// A browser for this desktop: the one that WebKit brings along.
    pub(crate) fn of_browser(desktop: &Desktop) -> Self {
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver.arg(format!("--port={port}")).envs(desktop.env());
        Self::of(driver, port, None)
    }

    /// The same, started by this program, which must become the driver at the end.
    pub(crate) fn of_browser_within(desktop: &Desktop, wrapper: Vec<OsString>) -> Self {
        let port = free_port();
        let mut words = wrapper.into_iter();
        let mut driver = Command::new(words.next().expect("a program"));
        driver.args(words).arg("WebKitWebDriver").arg(format!("--port={port}")).envs(desktop.env());
        Self::of(driver, port, None)
    }

    fn of(mut driver: Command, port: u16, screen: Option<Screen>) -> Self {
        // What a browser asks pages for, whatever whoever runs the tests speaks.
        driver.env("LANGUAGE", "en");
        let process = Process::start(driver.stdout(Stdio::null()).stderr(Stdio::null()));
        let http = Http::new(&format!("http://127.0.0.1:{port}"));
        Self { http, screen, session: Mutex::default(), _process: process }
    }

    /// Opens a URL in the browser.
    pub(crate) async fn open(&self, url: &str) -> Page<'_> {
        let page = self.page("").await;
        page.ask("POST", "/url", Some(json!({ "url": url }))).await;
        page
    }

    /// The window with a page whose URL contains this, as soon as there is one.
    pub(crate) async fn page(&self, url: &str) -> Page<'_> {
        let found = async || {
            let (window, _) = self.windows().await.into_iter().find(|(_, shown)| shown.contains(url))?;
            Some(Page { driver: self, window })
        };
        until(&format!("a window with {url}"), found).await
    }

    /// The same of several that come and go: the one where this expression is true.
    pub(crate) async fn page_where(&self, url: &str, expression: &str) -> Page<'_> {
        let found = async || {
            for (window, _) in self.windows().await.into_iter().filter(|(_, shown)| shown.contains(url)) {
                let page = Page { driver: self, window };
                if page.is_true(expression).await {
                    return Some(page);
                }
            }
            None
        };
        until(&format!("a window with {url} where {expression}"), found).await
    }

    /// The windows that there are, and the URLs of their pages.
    pub(crate) async fn windows(&self) -> Vec<(String, String)> {
        let mut session = self.session.lock().await;
        let Ok(handles) = self.ask(&mut session, "GET", "/window/handles", None).await else {
            return Vec::new();
        };
        let mut windows = Vec::new();
        for handle in handles.as_array().into_iter().flatten().filter_map(Value::as_str) {
            // It may close meanwhile.
            if let Ok(url) = self.ask_in(&mut session, handle, "GET", "/url", None).await {
                windows.push((handle.to_owned(), url.as_str().unwrap_or_default().to_owned()));
            }
        }
        windows
    }

    /// Asks in a window.
    async fn ask_in(
        &self,
        session: &mut Session,
        window: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Refusal> {
        if session.window.as_deref() != Some(window) {
            session.window = None;
            self.ask(session, "POST", "/window", Some(json!({ "handle": window }))).await?;
            session.window = Some(window.to_owned());
        }
        self.ask(session, method, path, body).await
    }

    /// Asks in the session, which is begun if there is none.
    async fn ask(
        &self,
        session: &mut Session,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Refusal> {
        let id = if let Some(id) = &session.id {
            id.clone()
        } else {
            // Asked for before there is a window, a session never begins.
            if self.screen.as_ref().is_some_and(|screen| screen.windows().is_empty()) {
                return Err(Refusal { error: "no such window".to_owned(), message: String::new() });
            }
            let wanted = json!({ "capabilities": { "alwaysMatch": {} } });
            let begun = self.send("POST", "/session", Some(wanted)).await?;
            let id = begun["sessionId"].as_str().expect("a session has an id").to_owned();
            *session = Session { id: Some(id.clone()), window: None };
            id
        };
        let answer = self.send(method, &format!("/session/{id}{path}"), body).await;
        if answer.as_ref().is_err_and(|refusal| refusal.error == "invalid session id") {
            *session = Session::default();
        }
        answer
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Refusal> {
        let method = method.parse().expect("a method");
        let asking = self.http.ask(method, path);
        let asking = if let Some(body) = &body { asking.json(body) } else { asking };
        // It may not listen yet.
        let Ok(Some(answer)) = timeout(PATIENCE / 2, asking.try_send()).await else {
            return Err(Refusal { error: "no driver".to_owned(), message: String::new() });
        };
        let value = answer.json()["value"].clone();
        if answer.status.is_success() {
            return Ok(value);
        }
        let text = |member: &str| value[member].as_str().unwrap_or_default().to_owned();
        Err(Refusal { error: text("error"), message: text("message") })
    }
}

impl<'a> Page<'a> {
    async fn try_ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Refusal> {
        let mut session = self.driver.session.lock().await;
        self.driver.ask_in(&mut session, &self.window, method, path, body).await
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.try_ask(method, path, body).await;
        answer.unwrap_or_else(|refusal| panic!("{method} {path}: {}: {}", refusal.error, refusal.message))
    }

    /// What a script of these words returns; `arguments[0]` is `argument`.
    pub(crate) async fn run(&self, script: &str, argument: Value) -> Value {
        self.run_with(script, [argument]).await
    }

    /// Calls a command of the app that closes the window of this page.
    pub(crate) async fn invoke_and_close(&self, command: &str, arguments: Value) {
        let script = "void window.__TAURI__.core.invoke(arguments[0], arguments[1]);";
        let body = json!({ "script": script, "args": [command, arguments] });
        tolerate_closing(self.try_ask("POST", "/execute/sync", Some(body)).await);
    }

    async fn run_with<const N: usize>(&self, script: &str, arguments: [Value; N]) -> Value {
        let arguments = arguments.to_vec();
        self.ask("POST", "/execute/sync", Some(json!({ "script": script, "args": arguments }))).await
    }

    /// What a promise comes to: `script` is an expression in which `argument` is known.
    pub(crate) async fn wait_for(&self, script: &str, argument: Value) -> Result<Value, Value> {
        let script = format!(
            "const [argument, done] = arguments;
             Promise.resolve().then(() => ({script})).then(
                 (value) => done({{ kept: value ?? null }}),
                 (error) => done({{ broken: error instanceof Error ? String(error) : error ?? null }}),
             );"
        );
        let mut answer =
            self.ask("POST", "/execute/async", Some(json!({ "script": script, "args": [argument] }))).await;
        match answer.get_mut("broken") {
            Some(error) => Err(error.take()),
            None => Ok(answer["kept"].take()),
        }
    }

    /// Calls a command of the app as the page could, whether or not it does.
    pub(crate) async fn invoke(&self, command: &str, arguments: Value) -> Result<Value, Value> {
        let script = "window.__TAURI__.core.invoke(argument.command, argument.arguments)";
        self.wait_for(script, json!({ "command": command, "arguments": arguments })).await
    }

    /// Whether an expression is true on the page, now; a page that is gone has no truth.
    pub(crate) async fn is_true(&self, expression: &str) -> bool {
        let script = json!({ "script": format!("return Boolean({expression});"), "args": [] });
        matches!(self.try_ask("POST", "/execute/sync", Some(script)).await, Ok(Value::Bool(true)))
    }

    /// Waits until an expression is true on the page.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str) -> impl Future<Output = ()> + use<'a> {
        let caller = std::panic::Location::caller();
        let (page, expression) = (self.clone(), expression.to_owned());
        async move {
            let limit = Instant::now() + PATIENCE;
            while !page.is_true(&expression).await {
                let late = Instant::now() > limit;
                assert!(!late, "at {caller} in vain: {expression}; the page: {}", page.text().await);
                sleep(POLL).await;
            }
        }
    }

    /// Waits until the page shows this text, however it is broken into lines.
    #[track_caller]
    pub(crate) fn until_shown(&self, text: &str) -> impl Future<Output = ()> + use<'a> {
        self.until(&format!("document.body.innerText.replace(/\\s+/g, ' ').includes({})", json!(text)))
    }

    /// All the text that can be seen.
    pub(crate) async fn text(&self) -> String {
        self.run("return document.body.innerText;", Value::Null).await.as_str().unwrap_or_default().to_owned()
    }

    /// The first element that can be seen of those that a CSS selector means, as soon as there is one.
    #[track_caller]
    pub(crate) fn find(&self, css: &str) -> impl Future<Output = Element<'a>> + use<'a> {
        let script = "return [...document.querySelectorAll(arguments[0])].find((e) => e.checkVisibility());";
        self.look_for(script, css)
    }

    /// The button, link, tab or switch that is called this, as a person, or a screen reader, would read it.
    #[track_caller]
    pub(crate) fn find_called(&self, name: &str) -> impl Future<Output = Element<'a>> + use<'a> {
        let script = "
            const all = document.querySelectorAll(
                'button, a, summary, label, input, select, [role=button], [role=tab], [role=switch]');
            const name = (e) => (e.getAttribute('aria-label') ?? e.innerText ?? '').trim().replace(/\\s+/g, ' ');
            return [...all].find((e) => e.checkVisibility() && name(e) === arguments[0]);";
        self.look_for(script, name)
    }

    #[track_caller]
    fn look_for(&self, script: &'static str, wanted: &str) -> impl Future<Output = Element<'a>> + use<'a> {
        let caller = std::panic::Location::caller();
        let (page, wanted) = (self.clone(), wanted.to_owned());
        async move {
            let limit = Instant::now() + PATIENCE;
            let body = json!({ "script": script, "args": [wanted] });
            loop {
                let found = page.try_ask("POST", "/execute/sync", Some(body.clone())).await;
                if let Some(id) = found.as_ref().ok().and_then(|found| found[ELEMENT].as_str()) {
                    return Element::new(page, id);
                }
                let late = Instant::now() > limit;
                assert!(!late, "at {caller}: no {wanted:?} ({found:?}) on the page: {}", page.text().await);
                sleep(POLL).await;
            }
        }
    }

    /// Whether any element that can be seen is meant by a CSS selector, now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        let script = "return [...document.querySelectorAll(arguments[0])].some((e) => e.checkVisibility());";
        self.run(script, json!(css)).await == json!(true)
    }

    /// Does what moves the focus, waits until it has moved, and says where to.
    pub(crate) async fn focused_after(&self, moved: impl FnOnce()) -> String {
        self.run("window.hadFocus = document.activeElement;", Value::Null).await;
        moved();
        self.until("document.activeElement !== window.hadFocus").await;
        self.focused().await
    }

    /// What has the focus: the name that a screen reader says, or what it is.
    pub(crate) async fn focused(&self) -> String {
        let script = "
            const e = document.activeElement;
            const label = e.getAttribute('aria-label') ?? e.labels?.[0]?.innerText ?? e.innerText;
            return (e === document.body ? '' : label || e.id || e.tagName).trim().replace(/\\s+/g, ' ');";
        self.run(script, Value::Null).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the window has the size that the page wants: a resize goes there and back through the X server.
    pub(crate) async fn until_resting(&self) {
        let script = "
            const size = () => [innerWidth, innerHeight, document.documentElement.scrollHeight].join();
            return new Promise((done) => {
                let last = size();
                let still = 0;
                const look = () => {
                    still = size() === last ? still + 1 : 0;
                    last = size();
                    if (still === 12) done();
                    else setTimeout(look, 16);
                };
                look();
            });";
        self.wait_for(&format!("(() => {{{script}}})()"), Value::Null).await.expect("a page");
    }

    /// A PNG of the page alone, as soon as there is more to be seen than one colour.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        until("something on the page", async || {
            let picture = self.ask("GET", "/screenshot", None).await;
            let picture = STANDARD.decode(picture.as_str().expect("a picture")).expect("Base64");
            pictures::shows_something(&picture).then_some(picture)
        })
        .await
    }

    /// Waits until the window is gone.
    pub(crate) async fn until_closed(&self) {
        let gone = async || {
            let windows = self.driver.windows().await;
            windows.iter().all(|(window, _)| *window != self.window).then_some(())
        };
        until("the end of the window", gone).await;
    }
}

/// What closes its own window is often answered with the window's absence, or with what is left of an answer.
#[track_caller]
fn tolerate_closing(answer: Result<Value, Refusal>) {
    // The last: the app itself has ended, or the window went in mid-answer.
    const GONE: [&str; 4] = ["no such window", "invalid session id", "no driver", "unknown error"];
    if let Err(refusal) = answer {
        assert!(GONE.contains(&refusal.error.as_str()), "{}: {}", refusal.error, refusal.message);
    }
}
