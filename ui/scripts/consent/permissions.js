// What the app may do: a switch for each thing it asked for, and for nothing else.

import { byId, element } from "../dom.js";
import { t } from "../words.js";

const KNOWN = ["read", "write"];

/** @param {string[]} asked */
export function permissions(asked) {
  const place = byId("permissions");
  const switches = KNOWN.filter((scope) => asked.includes(scope)).map((scope) => {
    const input = element("input", {
      id: `may-${scope}`,
      type: "checkbox",
      role: "switch",
      checked: true,
      name: scope,
      "aria-describedby": `may-${scope}-means`,
    });
    const name = element("label", { htmlFor: input.id, class: "strong" }, t(`consent.${scope}`));
    const means = element("span", { id: `may-${scope}-means`, class: "quiet" }, t(`consent.${scope}_means`));
    place.append(element("div", { class: "permission" }, input, name, means));
    return input;
  });

  return {
    allowed: () => switches.filter((input) => input.checked).map((input) => input.name),
    focus: () => switches[0]?.focus(),
    /** @param {boolean} isOn */
    enable: (isOn) => switches.forEach((input) => (input.disabled = !isOn)),
  };
}
