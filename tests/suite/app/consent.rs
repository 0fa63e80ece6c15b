//! The consent window as a person meets it.

use serde_json::{Value, json};

use crate::harness::app::App;
use crate::harness::webdriver::{Element, Page};

const PAGE: &str = "consent.html";
const ALLOW: &str = "#allow";
const KEY: &str = "#key input";

pub(super) struct Consent<'a> {
    pub(super) page: Page<'a>,
}

impl<'a> Consent<'a> {
    /// The window about the question with this code, once it is drawn and can be seen.
    pub(super) async fn about(app: &'a App, code: &str) -> Self {
        let drawn = format!(
            "document.visibilityState === 'visible' && document.getElementById('code')?.textContent === {}",
            json!(code)
        );
        Self { page: app.driver().page_where(PAGE, &drawn).await }
    }

    /// Chooses the key field, if there is a list, and pastes there.
    pub(super) async fn paste(&self, key: &str) {
        self.page.find(KEY).await.paste(key).await;
    }

    /// What stands in the key field.
    pub(super) async fn key(&self) -> String {
        self.page.find(KEY).await.property("value").await.as_str().expect("a text").to_owned()
    }

    /// Chooses an account of the list by what is written there.
    pub(super) async fn choose(&self, account: &str) {
        let script = "
            const list = document.getElementById('account');
            list.value = [...list.options].find((one) => one.text.includes(arguments[0])).value;
            list.dispatchEvent(new Event('change'));";
        self.page.run(script, json!(account)).await;
    }

    /// Allow, once it is awake.
    pub(super) async fn allow_button(&self) -> Element<'a> {
        self.page.until("document.getElementById('allow').ariaDisabled === 'false'").await;
        self.page.find(ALLOW).await
    }

    pub(super) async fn allow(&self) {
        self.allow_button().await.click().await;
    }

    pub(super) async fn deny(&self) {
        self.page.find("#deny").await.click().await;
    }

    /// Switches off what the app may do: `read`, `write`.
    pub(super) async fn switch(&self, scope: &str) {
        self.page.find(&format!("#may-{scope}")).await.click().await;
    }

    pub(super) async fn until_shown(&self, words: &str) {
        self.page.until_shown(words).await;
    }

    pub(super) async fn until_closed(&self) {
        self.page.until_closed().await;
    }

    /// Whether this text is anywhere on the page: shown, typed, hidden, or in an attribute.
    pub(super) async fn holds(&self, text: &str) -> bool {
        let script = "
            const fields = [...document.querySelectorAll('input, select, textarea')].map((field) => field.value);
            return [document.documentElement.outerHTML, document.title, ...fields]
                .some((place) => place.includes(arguments[0]));";
        self.page.run(script, json!(text)).await == Value::Bool(true)
    }
}
