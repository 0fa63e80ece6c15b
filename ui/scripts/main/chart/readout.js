// What a stretch of time holds, in words: the one that is pointed at, or all of it.

import { element, foreign } from "../../dom.js";
import { amount, duration, t } from "../../words.js";
import { fullName } from "./names.js";
import { callsBySeries, totalOf } from "./series.js";

/** Two lines: when and how much; then each app. */
export function readOut(shown, index) {
  const { series } = shown;
  const calls = index === undefined ? sums(shown) : callsBySeries(shown.view.stretches[index], series);
  const apps = series.map(({ name, slot }, place) => {
    const swatch = element("span", { class: `swatch series-${slot}`, "aria-hidden": "true" });
    return element("li", { class: calls[place] === 0 ? "is-none" : "" }, swatch, foreign(name), element("span", { class: "number" }, amount(calls[place])));
  });
  return [
    element("p", {}, element("span", { class: "strong" }, whenOf(shown, index)), element("span", { class: "quiet" }, facts(shown, index).join(" · "))),
    element("ul", {}, ...apps),
  ];
}

/** The same for a screen reader. */
export function spoken(shown, index) {
  const { series, view } = shown;
  const calls = index === undefined ? sums(shown) : callsBySeries(view.stretches[index], series);
  const apps = series.map(({ name }, place) => `${name} ${amount(calls[place])}`).filter((_, place) => calls[place] > 0);
  return [whenOf(shown, index), ...facts(shown, index), ...apps].join(", ");
}

function whenOf({ range, edges }, index) {
  if (index === undefined) return t(`activity.all_${range}`);
  return fullName(range, new Date(edges[index]), new Date(edges[index + 1]));
}

function facts({ view }, index) {
  const stretches = index === undefined ? view.stretches : [view.stretches[index]];
  const totals = stretches.map(totalOf);
  const calls = totals.reduce((sum, each) => sum + each.calls, 0);
  const failures = totals.reduce((sum, each) => sum + each.failures, 0);
  if (calls === 0) return [t("activity.no_calls")];
  const said = [t("activity.call", { count: calls })];
  if (failures > 0) said.push(t("activity.failure", { count: failures }));
  const { median_ms: median, p95_ms: p95 } = stretches[0];
  if (index !== undefined && median !== null && median !== undefined) {
    said.push(t("activity.times", { median: duration(median), p95: duration(p95 ?? median) }));
  }
  return said;
}

function sums({ view, series }) {
  const each = view.stretches.map((stretch) => callsBySeries(stretch, series));
  return series.map((_, place) => each.reduce((sum, calls) => sum + calls[place], 0));
}
