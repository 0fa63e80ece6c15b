// The window is as high as what it has to say.

import { ask } from "../bridge.js";
import { byId } from "../dom.js";

/** In CSS pixels. */
export function neededHeight() {
  return byId("content").scrollHeight + byId("answer").offsetHeight;
}

/** Tells the window when it needs another height; where it cannot have it, the page scrolls. */
export function followHeight() {
  let told = neededHeight();
  const observer = new ResizeObserver(() => {
    const height = neededHeight();
    if (height === told) return;
    told = height;
    ask("consent_resized", { height }).catch(() => {});
  });
  for (const part of [...byId("content").children, byId("answer")]) observer.observe(part);
}
