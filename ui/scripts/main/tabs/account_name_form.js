// Another name for an account.

import { ask } from "../../bridge.js";
import { element } from "../../dom.js";
import { t } from "../../words.js";
import { failureSlot, perform } from "../parts/perform.js";

/** More than any name; what is allowed is for the bridge to say. */
const MAX_LENGTH = 200;

let made = 0;

export function renameForm(account, { done, cancel }) {
  made += 1;
  const failure = failureSlot();
  const input = element("input", { type: "text", id: `account-name-${made}`, value: account.label, maxLength: MAX_LENGTH, autocomplete: "off", spellcheck: false, dir: "auto" });
  const save = element("button", { type: "submit", class: "accent" }, t("accounts.rename_do"));
  const root = element(
    "form",
    { class: "inset", onsubmit: submit, onkeydown: escape },
    element("label", { htmlFor: input.id }, t("accounts.rename_label")),
    input,
    failure,
    element("div", { class: "row" }, save, element("button", { type: "button", onclick: cancel }, t("main.cancel"))),
  );

  return {
    root,
    focus() {
      input.focus();
      input.select();
    },
  };

  async function submit(event) {
    event.preventDefault();
    let renamed;
    const isDone = await perform(save, failure, async () => {
      renamed = await ask("accounts_rename", { id: account.id, label: input.value });
    });
    if (isDone) done(renamed);
    else input.focus();
  }

  function escape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    cancel();
  }
}
