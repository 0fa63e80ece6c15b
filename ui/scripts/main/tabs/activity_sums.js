// The sums of a stretch of time: by app, in the colours of the chart, and by tool.

import { element, foreign } from "../../dom.js";
import { amount, t } from "../../words.js";
import { time } from "../chart/table.js";

export function byApp(clients, slotOf) {
  const most = Math.max(...clients.map(({ calls }) => calls));
  const rows = clients.map(({ client_id: id, name, calls, failures }) =>
    element("tr", {}, element("th", { scope: "row" }, foreign(name), shareBar(calls / most, `series-${slotOf(id)}`)), number(amount(calls)), failed(failures)),
  );
  return sums(t("activity.by_app"), [t("activity.app"), t("activity.all_calls"), t("activity.failures")], rows);
}

export function byTool(tools) {
  const most = Math.max(...tools.map(({ calls }) => calls));
  const rows = tools.map(({ tool, calls, failures, median_ms: median, p95_ms: p95 }) =>
    element("tr", {}, element("th", { scope: "row" }, foreign(tool), shareBar(calls / most, "series-none")), number(amount(calls)), failed(failures), number(time(median)), number(time(p95))),
  );
  return sums(t("activity.by_tool"), [t("activity.tool"), t("activity.all_calls"), t("activity.failures"), t("activity.median"), t("activity.p95")], rows);
}

function sums(title, head, rows) {
  const names = head.map((words, place) => element("th", { scope: "col", class: place ? "number" : "" }, words));
  return element(
    "section",
    { class: "card" },
    element("div", { class: "scroller", tabIndex: 0, role: "region", "aria-label": title }, element("table", {}, element("caption", {}, title), element("thead", {}, element("tr", {}, ...names)), element("tbody", {}, ...rows))),
  );
}

/** How much of the most it is, as a bar under the name; the number stands in the next column. */
function shareBar(share, series) {
  const bar = element("span", { class: `share ${series}`, "aria-hidden": "true" });
  bar.style.setProperty("--share", String(share));
  return bar;
}

function number(text) {
  return element("td", { class: "number" }, text);
}

function failed(count) {
  return element("td", { class: count > 0 ? "number failed-count" : "number" }, count > 0 ? amount(count) : t("activity.none"));
}
