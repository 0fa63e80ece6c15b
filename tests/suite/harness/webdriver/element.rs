//! Something on a page, as a person uses it.

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Driver, ELEMENT, POLL, Page, tolerate_closing};
use crate::harness::desktop::Desktop;
use crate::harness::waiting::until;

const SCROLL_THERE: &str = "arguments[0].scrollIntoView({ block: 'nearest', behavior: 'instant' });";
/// Where an element is.
const PLACE: &str = "
    const { x, y, width, height } = arguments[0].getBoundingClientRect();
    return [x, y, width, height, innerWidth, innerHeight];";
/// Until the next click, only this element is pressed: a layout that moves at that very moment takes it from under the
/// pointer.
const HOLD_BACK_MISSES: &str = "
    const [element] = arguments;
    const events = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'];
    const press = { isMissed: false, end: () => events.forEach((name) => removeEventListener(name, judge, true)) };
    function judge(event) {
        const isHit = event.composedPath().includes(element);
        press.isMissed = event.type === 'click' ? !isHit : press.isMissed || !isHit;
        if (!isHit) {
            event.preventDefault();
            event.stopImmediatePropagation();
        }
        if (event.type === 'click') press.end();
    }
    events.forEach((name) => addEventListener(name, judge, true));
    window.press = press;";
/// A page that has gone on to another one knows of no press.
const IS_MISSED: &str = "(window.press?.end(), window.press?.isMissed === true)";

/// Something on a page.
pub(crate) struct Element<'a> {
    page: Page<'a>,
    id: String,
}

impl<'a> Element<'a> {
    pub(super) fn new(page: Page<'a>, id: &str) -> Self {
        Self { page, id: id.to_owned() }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.page.ask(method, &format!("/element/{}{path}", self.id), body).await
    }

    /// Clicks as a person does: where it is, once it stays there, if nothing is in front of it; again if it moved away
    /// all the same. What closes the window is no fault.
    pub(crate) async fn click(&self) {
        let clicked = async || {
            self.until_resting().await;
            self.run(HOLD_BACK_MISSES).await;
            let answer =
                self.page.try_ask("POST", &format!("/element/{}/click", self.id), Some(json!({}))).await;
            if answer.is_err() {
                tolerate_closing(answer);
                return Some(());
            }
            (!self.page.is_true(IS_MISSED).await).then_some(())
        };
        until("a click that is not missed", clicked).await;
    }

    async fn until_resting(&self) {
        self.run(SCROLL_THERE).await;
        let rests = async || {
            let before = self.run(PLACE).await;
            sleep(POLL).await;
            (before == self.run(PLACE).await).then_some(())
        };
        until("an element to rest", rests).await;
    }

    /// What a script of these words returns; `arguments[0]` is the element.
    async fn run(&self, script: &str) -> Value {
        self.page.run_with(script, [json!({ (ELEMENT): self.id })]).await
    }

    pub(crate) async fn write(&self, text: &str) {
        self.ask("POST", "/value", Some(json!({ "text": text }))).await;
    }

    /// Pastes a text in place of what is there. Not key by key: it may be long.
    pub(crate) async fn paste(&self, text: &str) {
        let script = "
            const [element, text] = arguments;
            element.focus();
            element.select();
            const pasted = new DataTransfer();
            pasted.setData('text/plain', text);
            const event = new ClipboardEvent('paste', { clipboardData: pasted, bubbles: true, cancelable: true });
            if (element.dispatchEvent(event)) {
                element.value = text;
                element.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));
            }";
        self.page.run_with(script, [json!({ (ELEMENT): self.id }), json!(text)]).await;
    }

    pub(crate) async fn text(&self) -> String {
        self.ask("GET", "/text", None).await.as_str().unwrap_or_default().to_owned()
    }

    /// A property of the element, as scripts see it.
    pub(crate) async fn property(&self, name: &str) -> Value {
        self.ask("GET", &format!("/property/{name}"), None).await
    }
}

#[tokio::test]
async fn a_click_on_what_moves_away_in_that_moment_is_no_click_on_what_comes() {
    let desktop = Desktop::start();
    let driver = Driver::of_browser(&desktop);
    let page = driver
        .open("data:text/html,<body onclick='other.push(1)'><button id=b onclick='pressed.push(1)'>Press</button>")
        .await;
    for moment in ["pointerdown", "mousedown", "mouseup"] {
        let move_away = "
            window.other = [];
            window.pressed = [];
            addEventListener(arguments[0], () => {
                const place = document.createElement('p');
                place.style.height = '200px';
                document.body.prepend(place);
            }, { once: true, capture: true });";
        page.run(move_away, json!(moment)).await;
        page.find("#b").await.click().await;
        // A click on the button is one on the body, too.
        assert_eq!(page.run("return [pressed, other];", Value::Null).await, json!([[1], [1]]), "{moment}");
    }
}
