// How an account is called wherever it is named: the person's name for it, and the end of its key.

import { element, foreign } from "../../dom.js";

/** Nothing when there is no such account. */
export function accountName(accounts, id) {
  const account = accounts.find((each) => each.id === id);
  return account && nameOf(account);
}

export function nameOf({ label, key_hint: hint, kind }) {
  return element("span", {}, foreign(label), ...(kind === "sandbox" || !hint ? [] : [" ", element("span", { class: "quiet fixed hint" }, hint)]));
}
