//! Whether people who hear, enlarge or tab through a page can use it, as far as axe-core can tell: WCAG 2.2 AA and
//! the practices that it calls best.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::node::ACCESSIBILITY;
use super::webdriver::Page;

const RULES: [&str; 7] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

static AXE: LazyLock<String> = LazyLock::new(|| {
    std::fs::read_to_string(ACCESSIBILITY.package("axe-core").join("axe.min.js")).expect("axe-core")
});

/// Fails with all that is wrong with the page as it is now; `state` says which that is.
pub(crate) async fn assert_accessible(page: &Page<'_>, state: &str) {
    let checked = assert_kept(page, state, &json!(RULES)).await;
    assert!(checked > 5, "only {checked} rules apply to {state}");
}

/// Fails with all text that is not seven times as bright as what is behind it, or as dark: WCAG 2.2 AAA.
pub(crate) async fn assert_high_contrast(page: &Page<'_>, state: &str) {
    let rule = json!({ "type": "rule", "values": ["color-contrast-enhanced"] });
    assert_eq!(assert_kept(page, state, &rule).await, 1, "there is text in {state}");
}

/// How many of these rules the page keeps; it may break none.
async fn assert_kept(page: &Page<'_>, state: &str, rules: &Value) -> usize {
    if page.run("return 'axe' in window;", Value::Null).await != json!(true) {
        page.run(&AXE, Value::Null).await;
    }
    let wanted = json!({ "runOnly": rules, "resultTypes": ["violations"] });
    let found = page.wait_for("axe.run(document, argument)", wanted).await.expect("axe-core runs");
    let wrong: Vec<String> = found["violations"].as_array().into_iter().flatten().flat_map(places).collect();
    assert!(wrong.is_empty(), "{state}:\n{}", wrong.join("\n"));
    found["passes"].as_array().map_or(0, Vec::len)
}

/// Where a rule is broken, and how.
fn places(violation: &Value) -> Vec<String> {
    let (rule, help) = (violation["id"].as_str(), violation["help"].as_str());
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let place = |node: &Value| {
        let (html, why) = (&node["html"], node["failureSummary"].as_str().unwrap_or_default());
        format!(
            "{}: {}: {html}: {}",
            rule.unwrap_or_default(),
            help.unwrap_or_default(),
            why.replace('\n', " ")
        )
    };
    nodes.map(place).collect()
}
