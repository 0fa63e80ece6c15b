// What somebody may want to copy into another program: a path, a command, a number.

import { element } from "../../dom.js";

export function selectable(text) {
  return element("code", { class: "selectable" }, text);
}
