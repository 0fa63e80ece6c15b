// One connected app: who it is, what it may do, when it did, its tools, and Revoke.

import { avatar } from "../../avatar.js";
import { ask } from "../../bridge.js";
import { element, fill, foreign, phrase, timeAgo } from "../../dom.js";
import { t } from "../../words.js";
import { accountName } from "../parts/account_name.js";
import { confirmIn } from "../parts/confirmation.js";
import { facts } from "../parts/facts.js";
import { icon, iconButton } from "../parts/icon.js";
import { makeTools } from "./app_tools.js";

let made = 0;

/** `gone(name)` is called once this app is revoked here. */
export function makeAppCard(client, { gone }) {
  made += 1;
  const name = foreign(client.name);
  const title = element("h2", { id: `app-${made}` }, name);
  const used = element("p", { class: "quiet" });
  const details = element("div");
  const question = element("div");
  const shelf = element("div", { id: `app-tools-${made}`, class: "shelf", hidden: true });
  const tools = makeTools(shelf, client);
  const opener = element(
    "button",
    { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": shelf.id, onclick: toggle },
    icon("chevron"),
    element("span", {}, t("apps.tools")),
    " ",
    element("span", { class: "unseen" }, phrase("apps.tools_of", { name: client.name })),
  );
  const revoke = iconButton("remove", element("span", { class: "one-line" }, phrase("apps.revoke", { name: client.name })), { class: "stop shrinks", onclick: askRevoke });
  const actions = element("div", { class: "row shrinks" }, opener, revoke);
  const root = element(
    "article",
    { class: "card", "aria-labelledby": title.id },
    element("header", { class: "card-head" }, avatar(client.id, client.name), element("div", { class: "card-title" }, title, used), actions),
    details,
    question,
    shelf,
  );

  return { root, update };

  function update(fresh, { accounts }) {
    client = fresh;
    fill(used, usage(fresh));
    fill(
      details,
      facts([
        [t("apps.may"), may(fresh.scopes)],
        [t("apps.account"), accountName(accounts, fresh.account) ?? t("apps.no_account")],
        [t("apps.via"), t(`apps.via_${fresh.via}`)],
        [t("apps.since"), timeAgo(fresh.created_at)],
      ], { isLine: true }),
    );
    tools.update(fresh);
  }

  function toggle() {
    const isOpen = shelf.hidden;
    shelf.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) tools.open();
  }

  function askRevoke() {
    actions.hidden = true;
    confirmIn(question, {
      question: phrase("apps.revoke_ask", { name: client.name }),
      means: [t("apps.revoke_means")],
      doIt: phrase("apps.revoke", { name: client.name }),
      keep: t("apps.keep"),
      work: () => ask("apps_revoke", { client: client.id }),
      done: () => gone(client.name),
      closed() {
        actions.hidden = false;
        revoke.focus();
      },
    });
  }
}

/** An app that was never used has no calls to count. */
function usage({ last_used_at: last, calls }) {
  if (!last) return t("apps.not_used");
  return element("span", {}, phrase("apps.used", { when: timeAgo(last) }), " · ", t("activity.call", { count: calls }));
}

function may(scopes) {
  const [read, write] = ["read", "write"].map((scope) => scopes.includes(scope));
  if (read && write) return t("apps.may_both");
  if (read) return t("apps.may_read");
  return t(write ? "apps.may_write" : "apps.may_nothing");
}
