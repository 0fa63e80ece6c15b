// The accounts: whose memories there are, and whether their keys work.

import { ask } from "../../bridge.js";
import { element, fill, phrase, show } from "../../dom.js";
import { t } from "../../words.js";
import { settle } from "../navigation.js";
import { iconButton } from "../parts/icon.js";
import { keyEntry } from "../parts/key_entry.js";
import { keyed } from "../parts/keyed.js";
import { failureSlot, perform } from "../parts/perform.js";
import { say } from "../parts/say.js";
import { emptyState } from "../parts/states.js";
import { makeAccountCard } from "./account_card.js";

export function makeAccounts(panel) {
  const cards = new Map();
  const list = element("div", { class: "cards" });
  const none = element("div");
  const failure = failureSlot();
  const lead = element("p", { class: "quiet" }, t("accounts.lead"));
  const sync = keyed(list, (account) => account.id, (account) => {
    const card = makeAccountCard(account, { gone: () => panel.focus() });
    cards.set(account.id, card);
    return card;
  });
  const entry = keyEntry({
    doIt: t("accounts.add_do"),
    send: (key, saveUnchecked) => ask("accounts_add", { key, saveUnchecked }),
    done: added,
    cancel: () => setAdding(false),
  });
  const form = element("section", { class: "card", hidden: true, "aria-labelledby": "add-account" }, element("h2", { id: "add-account" }, t("accounts.add")), entry.root);
  const add = iconButton("plus", t("accounts.add"), { onclick: () => setAdding(true) });
  const sandbox = element("button", { type: "button", title: t("accounts.sandbox_why"), onclick: () => addSandbox(sandbox) }, t("accounts.sandbox_add"));
  const foot = element("div", { class: "row" }, add, sandbox);
  let accounts = [];
  let isAdding = false;

  fill(panel, element("header", { class: "head" }, element("h1", {}, t("accounts.title")), lead), none, list, form, foot, failure);

  return { update, show: open };

  function update(overview) {
    accounts = overview.accounts;
    sync(accounts, overview);
    for (const id of cards.keys()) if (!accounts.some((each) => each.id === id)) cards.delete(id);
    draw();
  }

  function draw() {
    const isEmpty = accounts.length === 0 && !isAdding;
    show(form, isAdding);
    show(lead, !isEmpty);
    show(foot, !isEmpty && !isAdding);
    show(sandbox, !accounts.some(({ kind }) => kind === "sandbox"));
    if (!isEmpty) fill(none);
    else if (!none.hasChildNodes()) fill(none, nothing());
  }

  function nothing() {
    const begin = iconButton("key", t("accounts.add"), { class: "accent", onclick: () => setAdding(true) });
    const tryIt = element("button", { type: "button", onclick: () => addSandbox(tryIt) }, t("accounts.sandbox_add"));
    return emptyState("accounts", t("accounts.empty"), [t("accounts.empty_why")], begin, tryIt);
  }

  function setAdding(isWanted) {
    isAdding = isWanted;
    draw();
    if (isWanted) entry.focus();
    else if (accounts.length > 0) add.focus();
    else none.querySelector("button")?.focus();
    if (isWanted) form.scrollIntoView({ block: "nearest" });
  }

  async function addSandbox(button) {
    let account;
    const isDone = await perform(button, failure, async () => {
      account = await ask("accounts_add_sandbox");
    });
    if (isDone) added(account);
  }

  function added(account) {
    isAdding = false;
    draw();
    panel.focus();
    say(phrase("accounts.added", { account: account.label }));
  }

  /** `#accounts/ID/key`: a notification wants a new key for this account. */
  function open([id, what]) {
    if (id === undefined) return;
    if (what === "key") cards.get(id)?.replaceKey();
    settle("accounts");
  }
}
