// The AI apps of this computer, a card for each, and below them how any other is given the address.

import { ask } from "../../bridge.js";
import { element, fill, show } from "../../dom.js";
import { t } from "../../words.js";
import { settle } from "../navigation.js";
import { mcpAddress } from "../parts/address.js";
import { keyed } from "../parts/keyed.js";
import { NOTICEABLE, emptyState, failedState, waiting } from "../parts/states.js";
import { makeConnectCard } from "./connect_card.js";
import { makeOtherApps } from "./connect_others.js";

export function makeConnect(panel) {
  const list = element("div", { class: "cards" });
  const none = element("div", { "aria-live": "polite" });
  const cards = new Map();
  const others = makeOtherApps();
  const sync = keyed(list, ({ id }) => id, (app) => {
    const card = makeConnectCard(app, { refresh, fresh });
    cards.set(app.id, card);
    return card;
  });
  let apps;
  let noticed;
  let running;
  let isWantedAgain = false;
  /** How often an action has said how its app is: what was asked before is older than that. */
  let told = 0;
  /** The card that somebody was sent to before there were cards. */
  let wanted;

  fill(panel, element("header", { class: "head" }, element("h1", {}, t("connect.title")), element("p", { class: "quiet" }, t("connect.lead"))), none, list, others.root);
  // Whoever comes back from another program may have changed something there.
  window.addEventListener("focus", () => !panel.hidden && refresh());

  return { update, show: open };

  function update({ status, lost_apps: lost, outdated_apps: outdated }) {
    others.setAddress(mcpAddress(status));
    const now = [lost, outdated].map((apps) => apps.map(({ id }) => id).join()).join(";");
    if (noticed !== undefined && noticed !== now) refresh();
    noticed = now;
  }

  /** `#connect/ID`: a banner or a notification sends people to this card. */
  function open([id]) {
    wanted = id;
    refresh();
    if (id !== undefined) settle("connect");
  }

  /** Files are read for this: never twice at once, however many ask. */
  function refresh() {
    isWantedAgain = running !== undefined;
    running ??= load().finally(() => {
      running = undefined;
      if (isWantedAgain) refresh();
    });
    return running;
  }

  async function load() {
    list.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => apps ?? fill(none, waiting(t("connect.looking"))), NOTICEABLE);
    const before = told;
    try {
      const found = await ask("connect_apps");
      if (told !== before) return;
      apps = found;
      draw();
    } catch (failure) {
      if (!apps) fill(none, failedState(t("connect.failed"), failure, refresh));
    } finally {
      clearTimeout(slow);
      list.removeAttribute("aria-busy");
    }
  }

  /** What an action said of its app is true before anything is read again; the others may have changed, too. */
  function fresh(app) {
    told += 1;
    apps = apps.map((each) => (each.id === app.id ? app : each));
    draw();
    refresh();
  }

  function draw() {
    const found = apps.filter(({ state }) => state !== "not_found");
    sync(found);
    others.setApps(apps.filter(({ state }) => state === "not_found"), { isOpen: found.length === 0 });
    fill(none, found.length === 0 && emptyState("connect", t("connect.none"), [t("connect.none_why")]));
    show(none, found.length === 0);
    if (wanted !== undefined) cards.get(wanted)?.point();
    wanted = undefined;
  }
}
