// One account: what it is called, how its key is, who uses it, and what can be done about it.

import { ask } from "../../bridge.js";
import { element, fill, foreign, phrase } from "../../dom.js";
import { t } from "../../words.js";
import { confirmIn } from "../parts/confirmation.js";
import { facts } from "../parts/facts.js";
import { iconButton } from "../parts/icon.js";
import { keyEntry } from "../parts/key_entry.js";
import { mark } from "../parts/mark.js";
import { say } from "../parts/say.js";
import { renameForm } from "./account_name_form.js";

const MARKS = { ok: "ok", rejected: "stop", unchecked: "wait" };
/** Of an id that is as good as a secret on some roads (and of no use to a person), this much is shown. */
const ID_SHOWN = 8;

let made = 0;

/** `gone()` is called once this account is removed here. */
export function makeAccountCard(account, { gone }) {
  made += 1;
  let clients = [];
  const title = element("h2", { id: `account-${made}` });
  const kind = element("p", { class: "quiet" });
  const pill = element("p");
  const trouble = element("p", { class: "quiet" });
  const details = element("div");
  const place = element("div");
  const rename = iconButton("edit", t("accounts.rename"), { onclick: askName });
  const replace = iconButton("key", t("accounts.replace"), { onclick: replaceKey });
  const remove = iconButton("remove", t("accounts.remove"), { class: "stop", onclick: askRemove });
  for (const button of [rename, replace, remove]) button.setAttribute("aria-describedby", title.id);
  const actions = element("div", { class: "row" }, rename, replace, element("span", { class: "gap" }), remove);
  const root = element(
    "article",
    { class: "card", "aria-labelledby": title.id },
    element("header", { class: "card-head" }, element("div", { class: "card-title" }, title, kind), pill),
    trouble,
    details,
    actions,
    place,
  );

  return { root, update, replaceKey };

  function update(fresh, overview) {
    account = fresh;
    clients = overview.clients.filter((client) => client.account === fresh.id);
    const isElsewhere = fresh.kind === "environment";
    fill(title, foreign(fresh.label));
    fill(kind, t(`accounts.kind_${fresh.kind}`));
    // The sandbox has no key that could be accepted.
    pill.hidden = fresh.kind === "sandbox" && fresh.state === "ok";
    pill.className = `pill pill-${MARKS[fresh.state]}`;
    fill(pill, mark(MARKS[fresh.state]), element("span", {}, t(`accounts.state_${fresh.state}`)));
    fill(trouble, isElsewhere && fresh.state === "ok" ? t("accounts.environment_why") : troubleOf(fresh));
    trouble.hidden = !trouble.hasChildNodes() || trouble.textContent === "";
    fill(
      details,
      facts([
        [t("accounts.key"), fresh.kind === "sandbox" ? null : element("span", { class: "fixed" }, fresh.key_hint)],
        [t("accounts.user"), fresh.kind === "sandbox" || !fresh.user_id ? null : element("span", { class: "fixed" }, shortened(fresh.user_id))],
        [t("accounts.used_by"), clients.length ? names(clients) : t("accounts.used_by_none")],
      ], { isLine: true }),
    );
    for (const button of [replace, remove]) button.hidden = isElsewhere;
    if (fresh.kind === "sandbox") replace.hidden = true;
  }

  function back(button) {
    fill(place);
    actions.hidden = false;
    button?.focus();
  }

  function askName() {
    actions.hidden = true;
    const form = renameForm(account, {
      done(renamed) {
        back(rename);
        say(phrase("accounts.renamed", { account: renamed.label }));
      },
      cancel: () => back(rename),
    });
    fill(place, form.root);
    form.focus();
  }

  /** Also called from elsewhere: a banner or a notification sends people here. */
  function replaceKey() {
    if (replace.hidden) return;
    actions.hidden = true;
    const entry = keyEntry({
      doIt: t("accounts.replace_do"),
      send: (key, saveUnchecked) => ask("accounts_replace_key", { id: account.id, key, saveUnchecked }),
      done() {
        back(replace);
        say(phrase("accounts.replaced", { account: account.label }));
      },
      cancel: () => back(replace),
    });
    const words = element("p", { class: "quiet" }, t("accounts.replace_why"));
    fill(place, element("div", { class: "inset" }, element("h3", {}, phrase("accounts.replace_title", { account: account.label })), words, entry.root));
    root.scrollIntoView({ block: "nearest" });
    entry.focus();
  }

  function askRemove() {
    actions.hidden = true;
    const count = clients.length;
    confirmIn(place, {
      question: phrase("accounts.remove_ask", { account: account.label }),
      means: [
        ...(count ? [phrase("accounts.remove_apps", { count, apps: element("span", {}, ...names(clients)) })] : []),
        t(account.kind === "sandbox" ? "accounts.remove_means_sandbox" : "accounts.remove_means"),
      ],
      doIt: phrase("accounts.remove_do", { account: account.label }),
      keep: t("accounts.keep"),
      work: () => ask("accounts_remove", { id: account.id }),
      done() {
        say(phrase("accounts.removed", { account: account.label }));
        gone();
      },
      closed: () => back(remove),
    });
  }
}

function troubleOf({ state }) {
  return state === "ok" ? "" : t(`accounts.${state}_why`);
}

function names(clients) {
  return clients.flatMap(({ name }, index) => [...(index ? [", "] : []), foreign(name)]);
}

function shortened(id) {
  return id.length > ID_SHOWN ? `${id.slice(0, ID_SHOWN)}…` : id;
}
