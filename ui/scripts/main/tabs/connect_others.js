// Apps that were not found: the address of the bridge, and what a person does by hand with it.

import { element, fill, phrase, show } from "../../dom.js";
import { t } from "../../words.js";
import { addressLine, codeBlock } from "../parts/code_block.js";
import { icon } from "../parts/icon.js";
import { selectable } from "../parts/selectable.js";
import { nextStep } from "./connect_result.js";

/** None of the apps that are known. */
const OTHER = "other";

/** `setAddress(url)` and `setApps(apps)` are what it is drawn from. */
export function makeOtherApps() {
  const address = element("div");
  const choice = element("fieldset", { class: "chips" });
  const way = element("div", { class: "card" });
  const shelf = element("div", { id: "other-apps", class: "stack", hidden: true }, element("p", { class: "quiet" }, t("connect.other_lead")), choice, way);
  const opener = element("button", { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": shelf.id, onclick: () => open(shelf.hidden) }, icon("chevron"), element("span", {}, t("connect.other_apps")));
  const root = element("section", { class: "stack other-apps" }, address, element("h2", {}, opener), shelf);
  let url;
  let apps = [];
  let shown;

  return { root, setAddress, setApps };

  function setAddress(fresh) {
    if (fresh === url) return;
    url = fresh;
    fill(address, addressLine(t("connect.address"), url));
    draw();
  }

  /** `isOpen`: there is nothing else on the page. */
  function setApps(fresh, { isOpen }) {
    const next = JSON.stringify(fresh);
    if (next === shown) return;
    if (shown === undefined && isOpen) open(true);
    shown = next;
    apps = fresh;
    const chosen = checked();
    const inputs = [...apps.map(({ id }) => id), OTHER].map((id) => element("input", { type: "radio", name: "other-app", value: id, onchange: draw }));
    (inputs.find(({ value }) => value === chosen) ?? inputs[0]).checked = true;
    const chips = inputs.map((input, index) => element("label", {}, input, element("span", {}, apps[index]?.name ?? t("connect.other"))));
    fill(choice, element("legend", { class: "unseen" }, t("connect.choose")), ...chips);
    draw();
  }

  function open(isOpen) {
    show(shelf, isOpen);
    opener.setAttribute("aria-expanded", String(isOpen));
  }

  function draw() {
    const app = apps.find(({ id }) => id === checked());
    if (!app) fill(way, element("h3", {}, t("connect.other")), element("p", {}, t("connect.address_way")), codeBlock(url ?? ""), element("p", {}, t("connect.then_other")));
    else fill(way, element("h3", {}, app.name), ...(app.by_hand.entry ? [...entryByHand(app), element("p", {}, nextStep(app))] : [element("p", {}, t("connect.why_adapter"))]));
  }

  function checked() {
    return choice.querySelector("input:checked")?.value;
  }
}

/** Every way to enter the bridge in an app without the bridge. */
export function entryByHand({ by_hand: { command, file, entry } }) {
  if (!entry) return [];
  const place = selectable(file ?? "");
  return [
    ...(command ? [element("p", {}, t("connect.command")), codeBlock(command)] : []),
    element("p", {}, phrase(command ? "connect.file_instead" : "connect.file", { file: place })),
    codeBlock(entry),
    element("p", { class: "quiet" }, t("connect.merge")),
  ];
}
