// Each call that is kept, newest first, to look through.

import { ask } from "../../bridge.js";
import { element, fill, foreign, show, timeAgo } from "../../dom.js";
import { bytes, duration, t } from "../../words.js";
import { mark } from "../parts/mark.js";
import { failureSlot, perform } from "../parts/perform.js";
import { NOTICEABLE, failedState, waiting } from "../parts/states.js";

/** How many the bridge gives at once; fewer means that there are no more. */
const PAGE = 100;
/** How many more are shown at a time. */
const STEP = 25;
const MARKS = { ok: "ok", failed: "stop", cancelled: "rest", refused: "warn" };

export function makeCalls() {
  const app = element("select", { "aria-label": t("activity.app"), onchange: restart });
  const tool = element("select", { "aria-label": t("activity.tool"), onchange: restart });
  const failuresOnly = element("input", { type: "checkbox", onchange: restart });
  const filters = element("div", { class: "filters" }, app, tool, element("label", { class: "tick" }, failuresOnly, element("span", {}, t("activity.failures_only"))));
  const rows = element("tbody");
  const names = ["when", "app", "tool", "outcome", "took", "size"].map((name) => element("th", { scope: "col", class: name === "took" || name === "size" ? "number" : "" }, t(`activity.${name}`)));
  const table = element("table", { class: "calls" }, element("caption", { class: "unseen" }, t("activity.list")), element("thead", {}, element("tr", {}, ...names)), rows);
  const scroller = element("div", { class: "scroller", tabIndex: 0, role: "region", "aria-label": t("activity.list") }, table);
  const instead = element("div");
  const failure = failureSlot();
  const older = element("button", { type: "button", onclick: more }, t("activity.older"));
  const newer = element("button", { type: "button", onclick: restart }, t("activity.newer"));
  const end = element("p", { class: "quiet" }, t("activity.end"));
  const root = element("section", { class: "card" }, element("div", { class: "head-apart" }, element("h2", {}, t("activity.list")), filters), element("div", { class: "row" }, newer), instead, scroller, failure, element("div", { class: "row row-centre" }, older, end));
  /** Given by the bridge, newest first; the first `count` of them are on the page. */
  let known = [];
  let count = 0;
  let isAll = false;
  let loads = 0;

  offer([], []);
  for (const part of [older, newer, end, scroller]) show(part, false);
  return { root, offer, refresh };

  /** What can be chosen in the filters; what is chosen stays. */
  function offer(clients, tools) {
    choices(app, t("activity.any_app"), clients.map(({ client_id: id, name }) => [id, name]));
    choices(tool, t("activity.any_tool"), tools.map(({ tool: name }) => [name, name]));
  }

  /** New calls may have come. Whoever has looked further back is not thrown to the top. */
  function refresh() {
    if (count > STEP) show(newer, true);
    else restart();
  }

  async function restart() {
    loads += 1;
    const mine = loads;
    const slow = setTimeout(() => !rows.hasChildNodes() && fill(instead, waiting(t("activity.loading"))), NOTICEABLE);
    try {
      const calls = await ask("activity_calls", { filter: filter(null) });
      if (mine !== loads) return;
      known = calls;
      isAll = calls.length < PAGE;
      fill(rows);
      count = 0;
      reveal();
      show(newer, false);
      show(root, calls.length > 0 || isFiltered());
      fill(instead, calls.length === 0 && nothing());
    } catch (reason) {
      if (mine !== loads) return;
      known = [];
      isAll = true;
      count = 0;
      fill(rows);
      reveal();
      show(root, true);
      fill(instead, failedState(t("activity.list_failed"), reason, restart, t("activity.failed_why")));
    } finally {
      clearTimeout(slow);
    }
  }

  async function more() {
    const mine = loads;
    const isDone = await perform(older, failure, async () => {
      if (isAll || known.length >= count + STEP) return;
      const calls = await ask("activity_calls", { filter: filter(known.at(-1).id) });
      if (mine !== loads) return;
      known.push(...calls);
      isAll = calls.length < PAGE;
    });
    if (isDone && mine === loads) reveal();
  }

  function reveal() {
    const hadFocus = document.activeElement === older;
    const next = known.slice(count, count + STEP);
    rows.append(...next.map(row));
    count += next.length;
    const isEnd = isAll && count === known.length;
    show(scroller, count > 0);
    show(older, count > 0 && !isEnd);
    show(end, count > STEP && isEnd);
    fill(failure);
    if (hadFocus && isEnd) scroller.focus();
  }

  function filter(before) {
    return { before, client_id: app.value || null, tool: tool.value || null, failures_only: failuresOnly.checked };
  }

  function isFiltered() {
    return app.value !== "" || tool.value !== "" || failuresOnly.checked;
  }

  function nothing() {
    const clear = element("button", { type: "button", onclick: clearFilters }, t("activity.clear"));
    return element("div", { class: "empty empty-small" }, element("h3", {}, t("activity.list_empty")), element("p", { class: "quiet" }, t("activity.list_empty_why")), clear);
  }

  function clearFilters() {
    app.value = "";
    tool.value = "";
    failuresOnly.checked = false;
    app.focus();
    restart();
  }
}

function row(call) {
  const isOk = call.outcome === "ok";
  const outcome = element("span", { class: `outcome outcome-${MARKS[call.outcome]}`, title: t(`activity.outcome_${call.outcome}_why`) }, mark(MARKS[call.outcome]), t(`activity.outcome_${call.outcome}`));
  const cells = [timeAgo(call.at), cut(call.client_name ? foreign(call.client_name) : t("main.unknown_app")), cut(foreign(call.tool)), outcome];
  const numbers = [duration(call.duration_ms), isOk ? bytes(call.response_bytes) : t("activity.none")];
  return element("tr", { class: isOk ? "" : "is-failure" }, ...cells.map((cell) => element("td", {}, cell)), ...numbers.map((cell) => element("td", { class: "number" }, cell)));
}

/** A long name ends in dots. */
function cut(name) {
  return element("span", { class: "cut", title: name.textContent ?? name }, name);
}

function choices(list, any, options) {
  const chosen = list.value;
  const made = [["", any], ...options].map(([value, words]) => element("option", { value }, words));
  // What was chosen may have no calls any more in what is counted; it stays until somebody chooses otherwise.
  if (chosen && !options.some(([value]) => value === chosen)) made.push([...list.options].find(({ value }) => value === chosen));
  fill(list, ...made);
  list.value = chosen;
}
