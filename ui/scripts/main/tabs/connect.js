// How an app is told about the bridge: the address, and for each app the command or the piece of its configuration.

import { element, fill, phrase } from "../../dom.js";
import { t } from "../../words.js";
import { mcpAddress } from "../parts/address.js";
import { addressLine, codeBlock } from "../parts/code_block.js";
import { APPS } from "./connect_ways.js";

const isWindows = /win/i.test(navigator.platform);

export function makeConnect(panel) {
  const address = element("div");
  const inputs = APPS.map(({ id }, index) => element("input", { type: "radio", name: "connect-app", value: id, checked: index === 0, onchange: () => draw() }));
  const chips = APPS.map((app, index) => element("label", {}, inputs[index], element("span", {}, nameOf(app))));
  const choice = element("fieldset", { class: "chips" }, element("legend", { class: "unseen" }, t("connect.choose")), ...chips);
  const way = element("div", { class: "card" });
  let url;

  fill(panel, element("header", { class: "head" }, element("h1", {}, t("connect.title")), element("p", { class: "quiet" }, t("connect.lead"))), address, element("section", { class: "stack" }, element("h2", {}, t("connect.choose")), choice, way));

  return { update };

  function update({ status }) {
    const fresh = mcpAddress(status);
    if (fresh === url) return;
    url = fresh;
    fill(address, addressLine(t("connect.address"), url));
    draw();
  }

  function draw() {
    const app = APPS.find(({ id }) => id === inputs.find(({ checked }) => checked).value);
    fill(way, ...(app.comesLater ? later(app) : [element("h3", {}, nameOf(app)), ...app.ways(url, isWindows).flatMap(shown), then(app)]));
  }
}

function nameOf(app) {
  return app.name ?? t("connect.other");
}

function later({ id }) {
  return [element("h3", {}, t(`connect.later_${id}`)), element("p", { class: "quiet" }, t(`connect.later_${id}_why`))];
}

/** One way: what to do with the text, and the text with its Copy. */
function shown({ kind, text, place, isSecondStep, isInstead }) {
  if (kind === "command") return [element("p", {}, t(isSecondStep ? "connect.second" : "connect.command")), codeBlock(text)];
  if (kind === "address") return [element("p", {}, t("connect.address_way")), codeBlock(text)];
  const words = phrase(isInstead ? "connect.file_instead" : "connect.file", { file: element("code", { class: "selectable" }, place) });
  return [element("p", {}, words), codeBlock(text), element("p", { class: "quiet" }, t("connect.merge"))];
}

function then({ id }) {
  return element("p", {}, t(`connect.then_${id}`));
}
