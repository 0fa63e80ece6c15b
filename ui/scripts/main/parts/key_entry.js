// Entering a key, with the manners of the consent window: it leaves the page the moment it is sent, "not accepted" and
// "could not check" are different answers, and only after the latter it can be saved unchecked.

import { Failed, ask } from "../../bridge.js";
import { element, fill, show } from "../../dom.js";
import { keyField } from "../../key_field.js";
import { explain, t } from "../../words.js";
import { iconButton } from "./icon.js";
import { failureSlot, perform } from "./perform.js";

const ABOUT_THE_KEY = ["not_a_key", "key_rejected", "key_not_checked", "other_person"];

let made = 0;

/**
 * `send(key, saveUnchecked)` gives the key to the bridge, `done(answer)` is called once that worked. `cancel` is offered
 * only where there is a way back; `more` are further buttons.
 */
export function keyEntry({ doIt, send, done, cancel, more = [] }) {
  made += 1;
  const mount = element("div", { id: `key-${made}`, class: "key-field" });
  const field = keyField(mount, { changed: () => fill(failure), entered: press, fits: t("accounts.key_fits") });
  const failure = failureSlot();
  const unchecked = element("input", { type: "checkbox" });
  const uncheckedLine = element("label", { class: "choice", hidden: true }, unchecked, element("span", {}, t("consent.save_unchecked")));
  const submit = element("button", { type: "button", class: "accent", onclick: press }, doIt);
  const page = iconButton("external", t("consent.where_key"), { class: "plain", onclick: openKeyPage });
  const root = element(
    "div",
    { class: "key-entry", onkeydown: escape },
    mount,
    uncheckedLine,
    failure,
    element("div", { class: "row" }, submit, ...more, cancel && element("button", { type: "button", onclick: leave }, t("main.cancel")), page),
  );

  return { root, focus: () => field.focus() };

  async function press() {
    if (submit.getAttribute("aria-busy") === "true") return;
    if (field.isEmpty()) field.say(t("consent.key_missing"), "stop");
    if (field.isEmpty() || !field.check()) {
      field.focus();
      return;
    }
    let answer;
    const saveUnchecked = unchecked.checked;
    field.enable(false);
    const isDone = await perform(
      submit,
      failure,
      async () => {
        answer = await send(field.take(), saveUnchecked);
      },
      { slow: t("consent.checking"), told },
    );
    field.enable(true);
    if (isDone) {
      reset();
      done(answer);
    } else field.focus();
  }

  /** What is wrong with the key is told at the key. */
  function told(reason) {
    const { code } = Failed.of(reason);
    if (!ABOUT_THE_KEY.includes(code)) return false;
    field.say(explain(reason), "stop");
    show(uncheckedLine, code === "key_not_checked");
    root.scrollIntoView({ block: "nearest" });
    return true;
  }

  function leave() {
    reset();
    cancel();
  }

  function escape(event) {
    if (event.key !== "Escape" || !cancel || event.isComposing) return;
    event.stopPropagation();
    leave();
  }

  function reset() {
    field.take();
    unchecked.checked = false;
    show(uncheckedLine, false);
    fill(failure);
  }

  async function openKeyPage() {
    await perform(page, failure, () => ask("open_key_page"));
  }
}
