// Removing everything: first what goes is shown, then it is done, and what came of it takes the whole window, because there is
// nothing left to manage.

import { ask } from "../../bridge.js";
import { element, fill, phrase, show } from "../../dom.js";
import { t } from "../../words.js";
import { confirmIn } from "../parts/confirmation.js";
import { iconButton } from "../parts/icon.js";
import { failureSlot, perform } from "../parts/perform.js";
import { say } from "../parts/say.js";
import { selectable } from "../parts/selectable.js";

export function resetSection() {
  const failure = failureSlot();
  const place = element("div");
  const look = iconButton("close", t("reset.look"), { class: "stop", "aria-describedby": "reset-why", onclick: () => perform(look, failure, open) });
  const title = element("h2", { id: "reset-title" }, t("reset.title"));
  const why = element("p", { id: "reset-why", class: "quiet" }, t("reset.why"));
  const root = element(
    "section",
    { class: "card rows", "aria-labelledby": title.id },
    element("div", { class: "setting" }, element("div", { class: "setting-line" }, element("div", { class: "setting-words" }, title, why), look), failure, place),
  );
  return { root };

  async function open(keepsApps = false) {
    const plan = await ask("reset_plan", { keepsApps });
    show(look, false);
    const keeps = element("input", { type: "checkbox", id: "reset-keep", checked: keepsApps, onchange: () => perform(keeps, failure, () => open(keeps.checked)) });
    confirmIn(place, {
      question: t("reset.ask"),
      means: notes(plan),
      shown: [...planned(plan), element("label", { class: "row" }, keeps, t("reset.keep_apps"))],
      doIt: t("reset.do"),
      keep: t("main.cancel"),
      async work() {
        say(t("reset.working"));
        finished(await ask("reset_remove", { keepsApps: keeps.checked }));
      },
      closed() {
        show(look, true);
        look.focus();
      },
    });
  }
}

/** What is to be known besides. */
function notes({ keychain, has_environment_key: isFromEnvironment }) {
  return [t("reset.memories_stay"), keychain.trouble && t(`failure.reset_keychain_${keychain.trouble}`), isFromEnvironment && t("reset.environment")].filter(Boolean);
}

/** What goes and what stays. */
function planned({ apps, starts_at_login: login, keychain, files, stays }) {
  const kinds = [...new Set(files.map(({ holds }) => holds))].filter((holds) => holds !== "socket");
  const goes = [
    ...apps.map((app) => (app.blocked ? phrase("reset.app_blocked", { app: app.name, reason: app.blocked }) : phrase("reset.app", { app: app.name }))),
    login && t("reset.login"),
    keychain.entries.length > 0 && t("reset.keychain", { count: keychain.entries.length }),
    ...kinds.map((holds) => phrase("reset.file", { what: t(`reset.holds_${holds}`), path: selectable(files.find((file) => file.holds === holds).path) })),
  ];
  return [list(goes), ...staying(stays)];
}

function staying(stays) {
  if (stays.length === 0) return [];
  return [element("p", { class: "strong" }, t("reset.stays")), list(stays.map(({ path: at, because, reason }) => phrase(`reset.stays_${because}`, { path: selectable(at), reason: reason ?? "" })))];
}

function list(items) {
  return element("ul", {}, ...items.filter(Boolean).map((item) => element("li", {}, item)));
}

/** The bridge has ended: the window has nothing else to show. */
function finished({ apps, keychain_entries: entries, keychain, stays }) {
  const failure = failureSlot();
  const again = element("button", { type: "button", onclick: () => perform(again, failure, () => ask("app_restart")) }, t("reset.start_again"));
  const quit = element("button", { type: "button", class: "accent", onclick: () => perform(quit, failure, () => ask("app_quit")) }, t("settings.quit_do"));
  const title = element("h1", { tabIndex: -1 }, t(stays.some(({ because }) => because !== "not_ours") ? "reset.partly" : "reset.done"));
  const card = element(
    "div",
    { class: "card" },
    list([...apps.map((app) => phrase("reset.app_done", { app: app.name })), entries > 0 && t("reset.keychain_done", { count: entries }), t("reset.files_done")]),
    ...staying(stays),
    keychain && element("p", {}, t(`failure.reset_keychain_${keychain}`)),
    failure,
    element("div", { class: "row row-end" }, again, quit),
  );
  fill(document.body, element("main", { class: "panel finished" }, element("header", { class: "head" }, title), card));
  title.focus();
}
