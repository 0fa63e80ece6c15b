// "Revoke Claude Code?" in place: what will happen stands beside the two buttons, the harmless one has the focus, Esc takes
// it back.

import { element, fill } from "../../dom.js";
import { failureSlot, perform } from "./perform.js";

let made = 0;

/**
 * Asks in `place`. `question` and `doIt` are nodes or texts, `means` a list of sentences, `shown` what belongs to them.
 * `work` runs on yes; `done` after it succeeded; `closed` whenever the question goes.
 */
export function confirmIn(place, { question, means, shown = [], doIt, keep, work, done, closed }) {
  made += 1;
  const failure = failureSlot();
  const title = element("p", { class: "confirm-question", id: `confirm-${made}` }, question);
  const body = element("div", { id: `confirm-means-${made}` }, ...means.map((each) => element("p", {}, each)));
  const no = element("button", { type: "button", onclick: close }, keep);
  const yes = element("button", { type: "button", class: "stop", onclick: press }, element("span", {}, doIt));
  const box = element(
    "div",
    { class: "confirm", role: "alertdialog", "aria-labelledby": title.id, "aria-describedby": body.id, onkeydown: escape },
    title,
    body,
    ...shown,
    failure,
    element("div", { class: "row row-end" }, no, yes),
  );
  fill(place, box);
  no.focus();
  box.scrollIntoView({ block: "nearest" });

  async function press() {
    if (!(await perform(yes, failure, work))) return;
    fill(place);
    done?.();
  }

  function close() {
    if (yes.getAttribute("aria-busy") === "true") return;
    fill(place);
    closed?.();
  }

  function escape(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  }
}
