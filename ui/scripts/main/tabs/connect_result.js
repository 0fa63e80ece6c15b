// What is said once an app is connected: what comes next, where the file as it was is kept, and the way back.

import { element, phrase } from "../../dom.js";
import { t } from "../../words.js";
import { mark } from "../parts/mark.js";
import { selectable } from "../parts/selectable.js";

/** `undo` is none where nothing was done here. */
export function resultShown({ app, steps, instead_of: reason }, { undo, close }) {
  const backups = steps.map(({ backup }) => backup).filter(Boolean);
  return element(
    "div",
    { class: "inset" },
    element("div", { class: "result", tabIndex: -1 }, mark("ok"), element("p", {}, phrase("connect.connected", { name: app.name }), " ", nextStep(app))),
    reason && element("p", { class: "quiet" }, phrase("connect.instead", { reason })),
    ...backups.map((file) => element("p", { class: "quiet" }, phrase("connect.backup", { file: selectable(file) }))),
    element("div", { class: "row row-end" }, undo && element("button", { type: "button", onclick: undo }, t("connect.undo")), element("button", { type: "button", onclick: close }, t("connect.close"))),
  );
}

/** What a person does next with a connected app. */
export function nextStep({ name, next, sign_in: signIn }) {
  if (!next) return "";
  return phrase(`connect.next_${next}`, { name, command: selectable(signIn ?? "") });
}
