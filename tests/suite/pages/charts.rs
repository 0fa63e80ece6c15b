//! What the charts compute by themselves, run outside of a window: days where the clocks change, axes, colours of apps.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::node::CLIENTS;

#[test]
fn days_are_whole_also_when_the_clocks_change() {
    for (zone, noon, hours) in [
        ("Europe/Berlin", "2026-03-30T12:00", [24, 24, 24, 24, 24, 23, 24]),
        ("Europe/Berlin", "2026-10-26T12:00", [24, 24, 24, 24, 24, 25, 24]),
        ("America/New_York", "2026-11-02T00:00", [24, 24, 24, 24, 24, 25, 24]),
        ("Asia/Kolkata", "2027-01-03T23:59", [24; 7]),
    ] {
        let lengths = in_zone(
            zone,
            "main/chart/stretches.js",
            &format!(
                "const now = new Date('{noon}');
                 const edges = page.edgesOf('week', now).map((edge) => new Date(edge));
                 if (!(edges.at(-2) <= now && now < edges.at(-1))) throw new Error('now is in the last stretch');
                 if (!edges.every((edge) => edge.getHours() === 0 && edge.getMinutes() === 0)) throw new Error('days begin at midnight');
                 return edges.slice(1).map((edge, index) => (edge - edges[index]) / 3600000);"
            ),
        );
        assert_eq!(lengths, serde_json::json!(hours), "{zone} before {noon}");
    }
}

#[test]
fn a_range_has_as_many_stretches_as_it_says() {
    let counts = in_zone(
        "Europe/Berlin",
        "main/chart/stretches.js",
        "return Object.keys(page.RANGES).map((range) => page.edgesOf(range, new Date('2026-10-25T12:30')).length - 1);",
    );
    assert_eq!(counts, serde_json::json!([24, 7, 30]));
    let hours = in_zone(
        "Europe/Berlin",
        "main/chart/stretches.js",
        "const edges = page.edgesOf('day', new Date('2026-10-25T12:30')).map((edge) => new Date(edge).getTime());
         return [...new Set(edges.slice(1).map((edge, index) => edge - edges[index]))];",
    );
    assert_eq!(hours, serde_json::json!([3_600_000]), "an hour is an hour, also when it comes twice");
}

#[test]
fn an_axis_ends_at_a_round_number_that_holds_the_most() {
    let axes = in_zone(
        "UTC",
        "main/chart/scale.js",
        "return [0, 1, 7, 42, 101, 1234].map((most) => page.ticks(most, 3).at(-1));",
    );
    assert_eq!(axes, serde_json::json!([1, 1, 10, 60, 150, 1500]));
}

#[test]
fn no_two_apps_of_a_chart_have_the_same_colour_and_no_call_is_lost() {
    let shown = in_zone(
        "UTC",
        "main/chart/series.js",
        "const clients = Array.from({ length: 9 }, (_, index) => ({ client_id: `app ${index}`, name: `App ${index}` }));
         const series = page.seriesOf(clients, 'Others');
         const stretch = { clients: clients.map(({ client_id }) => ({ client_id, calls: 2, failures: 1 })) };
         const total = page.callsBySeries(stretch, series).reduce((sum, calls) => sum + calls, 0);
         return { colours: new Set(series.map(({ slot }) => slot)).size, series: series.length, total, ...page.totalOf(stretch) };",
    );
    assert_eq!(
        shown,
        serde_json::json!({"colours": 5, "series": 5, "total": 18, "calls": 18, "failures": 9})
    );
}

/// What `body` returns, a function's body that has a module of ui/scripts as `page`.
fn in_zone(zone: &str, module: &str, body: &str) -> Value {
    let module = scripts().join(module);
    let script = format!(
        "import * as page from {};\nconst result = (() => {{ {body} }})();\nconsole.log(JSON.stringify(result));",
        Value::from(module.to_str().expect("a path in UTF-8"))
    );
    let mut node = Command::new(CLIENTS.node());
    let output = node
        .args(["--input-type=module", "--eval", &script])
        .env("TZ", zone)
        .output()
        .expect("node can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", module.display());
    serde_json::from_slice(&output.stdout).expect("the result as JSON")
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/scripts")
}
