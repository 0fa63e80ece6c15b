// Which section is seen. The location hash says it, so that the tray and other windows can point at one: `#accounts`, or
// `#accounts/ID/key` for something in it. The rail is a list of tabs that arrow keys move through.

import { element, fill, show } from "../dom.js";
import { t } from "../words.js";
import { icon } from "./parts/icon.js";

const KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** Makes every section; `update(overview)` is then all that is needed. */
export function makeNavigation({ tabs, panels, sections, welcome, overview }) {
  const names = Object.keys(sections);
  const rail = tabs.closest("header");
  const buttons = new Map(names.map((name) => [name, makeTab(name)]));
  const places = new Map([...names, "welcome"].map((name) => [name, makePlace(name, buttons.get(name))]));
  const parts = new Map([...names.map((name) => [name, sections[name]]), ["welcome", welcome]].map(([name, make]) => [name, make(places.get(name), overview)]));
  let current;
  let newest = overview;

  fill(tabs, ...buttons.values());
  fill(panels, ...places.values());
  tabs.addEventListener("keydown", moveByKey);
  for (const [name, button] of buttons) {
    button.addEventListener("click", () => {
      // Not every web view gives a button the focus when it is clicked.
      button.focus();
      go(name);
    });
  }
  window.addEventListener("hashchange", () => follow({ isAsked: true }));
  follow({ isAsked: location.hash.includes("/") });

  return { update };

  function update(fresh) {
    newest = fresh;
    parts.get(current).update(fresh);
  }

  function follow({ isAsked }) {
    const [wanted, ...rest] = location.hash.slice(1).split("/").map(decoded);
    const name = parts.has(wanted) ? wanted : names[0];
    if (name !== current) {
      parts.get(current)?.hide?.();
      current = name;
      for (const [each, place] of places) show(place, each === name);
      for (const [each, button] of buttons) select(button, each === name);
      show(rail, name !== "welcome");
      document.title = name === "welcome" ? "Jean Memory Bridge" : `${t(`main.tab_${name}`)} – Jean Memory Bridge`;
      // In a small window the whole page scrolls, not the section.
      places.get(name).scrollTop = 0;
      scrollTo(0, 0);
    }
    parts.get(name).update(newest);
    parts.get(name).show?.(rest);
    // Whoever came through the rail stays there; whoever was sent here starts at the heading.
    if (isAsked && !tabs.contains(document.activeElement) && rest.length === 0) places.get(name).focus();
  }

  function moveByKey(event) {
    const from = names.indexOf(current);
    const ends = { Home: 0, End: names.length - 1 };
    const to = event.key in ends ? ends[event.key] : from + (KEYS[event.key] ?? NaN);
    if (Number.isNaN(to) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const name = names[(to + names.length) % names.length];
    buttons.get(name).focus();
    go(name);
  }
}

/** Shows a section, or something in it. */
export function go(...path) {
  location.hash = path.map(encodeURIComponent).join("/");
}

/** What a location asked for is done; the same can be asked again. */
export function settle(name) {
  history.replaceState(null, "", `#${name}`);
}

function makeTab(name) {
  const members = { type: "button", role: "tab", id: `tab-${name}`, class: "tab", "aria-controls": `panel-${name}` };
  return element("button", members, icon(name), element("span", {}, t(`main.tab_${name}`)));
}

function makePlace(name, tab) {
  const members = tab ? { role: "tabpanel", "aria-labelledby": tab.id } : {};
  return element("section", { id: `panel-${name}`, class: "panel", tabIndex: 0, hidden: true, ...members });
}

function select(tab, isSelected) {
  tab.setAttribute("aria-selected", String(isSelected));
  tab.tabIndex = isSelected ? 0 : -1;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
