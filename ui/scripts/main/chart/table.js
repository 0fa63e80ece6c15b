// The same values as a table: for screen readers always, for everybody on demand.

import { element, foreign } from "../../dom.js";
import { amount, duration, t } from "../../words.js";
import { fullName } from "./names.js";
import { callsBySeries, totalOf } from "./series.js";

/** The newest stretch first. */
export function chartTable({ view, range, edges, series }) {
  const head = [t("activity.when"), ...series.map(({ name }) => foreign(name)), t("activity.all_calls"), t("activity.failures"), t("activity.median"), t("activity.p95")];
  const rows = view.stretches.map((stretch, index) => {
    const { calls, failures } = totalOf(stretch);
    const when = fullName(range, new Date(edges[index]), new Date(edges[index + 1]));
    const cells = [...callsBySeries(stretch, series), calls, failures].map(amount);
    return element("tr", {}, element("th", { scope: "row" }, when), ...[...cells, time(stretch.median_ms), time(stretch.p95_ms)].map((cell) => element("td", { class: "number" }, cell)));
  });
  return element(
    "table",
    {},
    element("caption", { class: "unseen" }, t(range === "day" ? "activity.calls_by_hour" : "activity.calls_by_day")),
    element("thead", {}, element("tr", {}, ...head.map((words, place) => element("th", { scope: "col", class: place ? "number" : "" }, words)))),
    element("tbody", {}, ...rows.reverse()),
  );
}

/** Milliseconds in words, or a dash. */
export function time(milliseconds) {
  return milliseconds === null || milliseconds === undefined ? t("activity.none") : duration(milliseconds);
}
