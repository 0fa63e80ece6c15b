// 24 hours, 7 days or 30 days: radio buttons that look like one control.

import { element } from "../../dom.js";
import { t } from "../../words.js";

export function rangeChoice(ranges, first, changed) {
  const inputs = ranges.map((value) => element("input", { type: "radio", name: "range", value, checked: value === first, onchange: changed }));
  const root = element(
    "fieldset",
    { class: "segments" },
    element("legend", { class: "unseen" }, t("activity.range")),
    ...inputs.map((input) => element("label", {}, input, element("span", {}, t(`activity.range_${input.value}`)))),
  );
  return { root, value: () => inputs.find(({ checked }) => checked).value };
}
