// One app of this computer: whether it leads to the bridge, what would change, and the one press that does it.

import { avatar } from "../../avatar.js";
import { ask } from "../../bridge.js";
import { element, fill, foreign, phrase, show } from "../../dom.js";
import { explain, find, t } from "../../words.js";
import { codeBlock } from "../parts/code_block.js";
import { facts } from "../parts/facts.js";
import { icon, iconButton } from "../parts/icon.js";
import { mark } from "../parts/mark.js";
import { failureSlot } from "../parts/perform.js";
import { selectable } from "../parts/selectable.js";
import { makeActions } from "./connect_actions.js";
import { entryByHand } from "./connect_others.js";
import { stepsShown } from "./connect_steps.js";

const MARKS = { connected: "ok", outdated: "warn", edited: "warn", foreign: "warn", wiped: "stop", unreadable: "stop" };

let made = 0;

/** `refresh()` has all apps looked at again; `fresh(app)` shows at once what an action said of one. */
export function makeConnectCard(app, { refresh, fresh }) {
  made += 1;
  const title = element("h2", { id: `connect-${made}`, tabIndex: -1 }, foreign(app.name));
  const way = element("p", { class: "quiet" });
  const pill = element("p");
  const why = element("p");
  const buttons = element("div", { class: "row" });
  const failure = failureSlot();
  const place = element("div");
  const shelf = element("div", { id: `connect-shelf-${made}`, class: "shelf", hidden: true });
  const openerWords = element("span");
  const opener = element("button", { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": shelf.id, onclick: toggle }, icon("chevron"), openerWords, " ", element("span", { class: "unseen" }, phrase("connect.of", { name: app.name })));
  const foot = element("div", { class: "row row-apart" }, opener, buttons);
  const root = element(
    "article",
    { class: "card", "aria-labelledby": title.id },
    element("header", { class: "card-head" }, avatar(app.id, app.name), element("div", { class: "card-title" }, title, way), pill),
    why,
    foot,
    failure,
    place,
    shelf,
  );
  let shelfName;
  const actions = makeActions({ place, foot, failure, title, refresh, fresh, app: () => app });
  let shown;

  return { root, update, point };

  function update(fresh) {
    const next = JSON.stringify(fresh);
    if (next === shown) return;
    shown = next;
    app = fresh;
    const state = stateOf(app);
    root.dataset.state = state;
    fill(way, ...wayOf(app));
    pill.className = `pill pill-${MARKS[state] ?? "plain"}`;
    fill(pill, MARKS[state] && mark(MARKS[state]), element("span", {}, t(`connect.state_${state}`)));
    fill(why, state === "unreadable" ? explain(app.trouble) : find(`connect.why_${state}`));
    show(why, why.textContent !== "");
    fill(buttons, ...buttonsFor(state));
    // Whoever wanted to see what connecting changes has seen it once that is done.
    if (shelfName !== shelfFor(state)) close();
    shelfName = shelfFor(state);
    show(opener, shelfName !== undefined);
    fill(openerWords, shelfName && t(`connect.${shelfName}`));
    if (!shelf.hidden) fillShelf();
  }

  function buttonsFor(state) {
    const { connect, replace, disconnect, link, extension } = actions;
    const name = { name: app.name };
    const accent = { class: "accent shrinks" };
    const asks = app.link ? [iconButton("external", phrase("connect.link", name), { onclick: link })] : [];
    const packed = app.extension ? [iconButton("folder", t("connect.extension"), { onclick: extension })] : [];
    const one = (words, press, members = { class: "shrinks" }) => element("button", { type: "button", ...members, onclick: press }, element("span", { class: "one-line" }, words));
    switch (state) {
      case "found":
        // clients.md 1 puts the app's own link first, because it edits nothing. Here the edit is: it is shown before
        // and undone to the byte, only what the bridge wrote itself is known again when it is old or lost, and a link
        // that no program is registered for opens nothing, and nobody says so.
        return [...asks, ...packed, one(phrase("connect.connect", name), connect, accent)];
      case "connected":
        return [one(phrase("connect.disconnect", name), disconnect)];
      case "outdated":
        return [one(phrase("connect.again", name), connect, accent)];
      case "edited":
      case "foreign":
        return [one(t("connect.replace"), replace)];
      case "wiped":
        return [one(t("connect.forget"), disconnect), one(phrase("connect.repair", name), connect, accent)];
      case "unreadable":
        return [iconButton("refresh", t("connect.look_again"), { onclick: actions.look })];
      default:
        return [];
    }
  }

  function toggle() {
    if (!shelf.hidden) return close();
    show(shelf, true);
    opener.setAttribute("aria-expanded", "true");
    fillShelf();
  }

  function close() {
    show(shelf, false);
    opener.setAttribute("aria-expanded", "false");
  }

  async function fillShelf() {
    const state = stateOf(app);
    if (state === "unreadable") return fill(shelf, ...entryByHand(app));
    const isConnected = state === "connected";
    const slot = failureSlot();
    shelf.setAttribute("aria-busy", "true");
    try {
      const preview = await (isConnected ? ask("disconnect_preview", { id: app.id }) : ask("connect_preview", { id: app.id, replace: true }));
      fill(shelf, ...(isConnected ? [known(app), element("p", { class: "quiet" }, t("connect.disconnecting"))] : []), ...stepsShown(preview));
    } catch (reason) {
      fill(slot, explain(reason));
      fill(shelf, isConnected && known(app), slot);
    } finally {
      shelf.removeAttribute("aria-busy");
    }
  }

  /** Somebody was sent here. */
  function point() {
    root.scrollIntoView({ block: "nearest" });
    title.focus();
  }
}

/** The state, and for an entry that leads elsewhere, whose doing it is. */
function stateOf({ state, change, by }) {
  if (state === "found" && by === "adapter") return "adapter";
  return state === "changed" ? (change ?? "foreign") : state;
}

function shelfFor(state) {
  if (state === "connected") return "details";
  if (state === "unreadable") return "by_hand";
  return state === "adapter" ? undefined : "changes";
}

function wayOf({ by, files, by_hand: byHand }) {
  if (by === "command") return [t("connect.by_command")];
  if (by === "adapter") return [t("connect.by_adapter")];
  if (files.length > 1) return [t("connect.by_files", { count: files.length })];
  return [phrase("connect.by_file", { file: selectable(byHand.file ?? files[0]) })];
}

function known({ files, sign_in: signIn }) {
  return facts([
    [t("connect.file_fact"), element("div", { class: "stack" }, ...files.map((file) => selectable(file)))],
    [t("connect.sign_in"), signIn ? codeBlock(signIn) : null],
  ]);
}
