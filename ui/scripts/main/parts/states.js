// What stands where there is nothing to show: not yet, nothing at all, or a failure. Each says why and what to do.

import { ask } from "../../bridge.js";
import { element, fill } from "../../dom.js";
import { explain, t } from "../../words.js";
import { icon } from "./icon.js";

/** Waiting that is shorter needs no words: what is fast must not flicker. */
export const NOTICEABLE = 300;

const SLOW = 1000;
const VERY_SLOW = 10_000;

/** Nothing is there, and that is no fault: `title`, `why` and what can be done. */
export function emptyState(name, title, why, ...actions) {
  return emptyBox("h2", name, title, why, actions);
}

function emptyBox(heading, name, title, why, actions) {
  return element(
    "div",
    { class: "empty" },
    element("span", { class: "empty-icon", "aria-hidden": "true" }, icon(name)),
    element(heading, {}, title),
    ...why.map((sentence) => element("p", { class: "quiet" }, sentence)),
    element("div", { class: "row row-centre" }, ...actions),
  );
}

/** Something could not be shown: what failed, why, and another try. */
export function failedState(title, failure, again, why = explain(failure)) {
  const retry = element("button", { type: "button", onclick: again }, t("main.try_again"));
  return element("div", { role: "alert" }, emptyBox("h2", "warning", title, [why], [retry]));
}

/** A line that says what is waited for. */
export function waiting(words) {
  return element("p", { class: "waiting", role: "status" }, element("span", { class: "spinner", "aria-hidden": "true" }), words);
}

/** While the bridge has not said anything yet. Gives a function that ends it. */
export function showStarting(panels) {
  const slow = setTimeout(() => fill(panels, waiting(t("main.starting"))), SLOW);
  const verySlow = setTimeout(() => showNotLoaded(panels, undefined, () => location.reload()), VERY_SLOW);
  return () => {
    clearTimeout(slow);
    clearTimeout(verySlow);
  };
}

/** The bridge did not say anything at all, or only that it failed. */
export function showNotLoaded(panels, failure, again) {
  const isUnreadable = failure?.code === "store_failed";
  const title = t(isUnreadable ? "main.unreadable_title" : "main.not_loaded");
  const why = t(isUnreadable ? "main.unreadable_why" : "main.not_loaded_why");
  const restart = element("button", { type: "button", onclick: () => ask("app_restart").catch(() => {}) }, t("main.restart"));
  const retry = element("button", { type: "button", class: "accent", onclick: again }, t("main.try_again"));
  fill(panels, element("div", { role: "alert" }, emptyBox("h1", "warning", title, [why], [retry, restart])));
}
