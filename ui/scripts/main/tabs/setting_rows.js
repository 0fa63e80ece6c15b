// The rows of the settings: words at the left, the control at the right, a failure below, and what waits for a restart.

import { ask } from "../../bridge.js";
import { element, fill, show } from "../../dom.js";
import { t } from "../../words.js";
import { failureSlot, perform } from "../parts/perform.js";
import { say } from "../parts/say.js";

/** A row with the words of that name, and those of `NAME_why` below; `control` is labelled and described by them. */
export function row(name, control) {
  const failure = failureSlot();
  const title = element("p", { id: `setting-${name}`, class: "strong" }, t(`settings.${name}`));
  const why = element("p", { id: `setting-why-${name}`, class: "quiet" }, t(`settings.${name}_why`));
  // A button says itself what it does.
  if (control.tagName !== "BUTTON") control.setAttribute("aria-labelledby", title.id);
  control.setAttribute("aria-describedby", why.id);
  const root = element("div", { class: "setting" }, element("div", { class: "setting-line" }, element("div", { class: "setting-words" }, title, why), control), failure);
  return { root, failure, why };
}

/** On or off; `null` from `read` means that this system does not offer it. */
export function switchRow(name, read, write) {
  const toggle = element("input", { type: "checkbox", role: "switch", onclick: flip });
  const { root, failure, why } = row(name, toggle);
  return { root, update };

  function update(overview) {
    const value = read(overview);
    toggle.checked = value === true;
    toggle.disabled = value === null;
    why.textContent = t(value === null ? `settings.${name}_unavailable` : `settings.${name}_why`);
  }

  async function flip(event) {
    // While the press is under way the box is checked already; this takes that back.
    const isOn = toggle.checked;
    event.preventDefault();
    let answer;
    const isDone = await perform(toggle, failure, async () => {
      answer = await write(isOn);
    });
    if (!isDone) return;
    // Settings come back as they are now, start at login as what the system says.
    const isNow = typeof answer === "boolean" ? answer : answer?.[name] ?? isOn;
    toggle.checked = isNow;
    say(`${t(`settings.${name}`)}: ${t(isNow ? "settings.on" : "settings.off")}`);
  }
}

/** One of several; `options` are pairs of a value and its words. */
export function choiceRow(name, options, read, write) {
  const list = element("select", { onchange: choose }, ...options.map(([value, words]) => element("option", { value }, words)));
  const { root, failure, why } = row(name, list);
  let said;
  let known = "";
  if (why.textContent === `settings.${name}_why`) fill(why);
  return { root, failure, update };

  function update(overview) {
    const fresh = read(overview);
    // What counts after a restart only is not taken back by news about something else.
    if (fresh === said) return;
    said = fresh;
    known = fresh;
    if (list.getAttribute("aria-busy") !== "true") list.value = known;
  }

  async function choose() {
    const wanted = list.value;
    const isDone = await perform(list, failure, () => write(wanted));
    if (isDone) {
      known = wanted;
      say(t("settings.saved"));
    } else list.value = known;
  }
}

/** What is written down but used after a restart only, with the press for that; `set()` hides it. */
export function restartLine(failure) {
  const words = element("p");
  const button = element("button", { type: "button", class: "accent", onclick: () => perform(button, failure, () => ask("app_restart")) }, t("settings.restart"));
  const root = element("div", { class: "row row-end", hidden: true }, words, button);
  return {
    root,
    set(waits) {
      show(root, waits !== undefined);
      fill(words, waits && t("settings.waits", waits));
    },
  };
}
