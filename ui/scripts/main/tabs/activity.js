// What was called, when, by whom, and how it went: charts to read at a glance, then sums, then each call.

import { Failed, ask } from "../../bridge.js";
import { element, fill, show } from "../../dom.js";
import { t } from "../../words.js";
import { makeChart } from "../chart/chart.js";
import { OTHERS, seriesOf } from "../chart/series.js";
import { RANGES, edgesOf } from "../chart/stretches.js";
import { chartTable } from "../chart/table.js";
import { go } from "../navigation.js";
import { iconButton } from "../parts/icon.js";
import { NOTICEABLE, emptyState, failedState, waiting } from "../parts/states.js";
import { byApp, byTool } from "./activity_sums.js";
import { makeCalls } from "./calls.js";
import { rangeChoice } from "./range_choice.js";

/** Also without news, now and then: a new hour begins. */
const PERIOD = 60_000;
/** Between two countings while calls go on coming. */
const BREATH = 2000;

export function makeActivity(panel) {
  const lead = element("p", { class: "quiet" });
  const choice = rangeChoice(Object.keys(RANGES), "week", () => load({ isNew: true }));
  const chart = makeChart();
  const table = element("div", { id: "chart-table", class: "unseen" });
  const tableToggle = element("button", { type: "button", class: "plain", "aria-expanded": "false", "aria-controls": table.id, onclick: toggleTable }, t("activity.show_table"));
  const caption = element("p", { class: "quiet" }, t("activity.chart_caption"));
  const figure = element("div", { class: "card" }, chart.root, element("div", { class: "row row-apart" }, caption, tableToggle), table);
  const sums = element("div", { class: "sums" });
  const filled = element("div", { class: "stack" }, figure, sums);
  const instead = element("div");
  const calls = makeCalls();
  const list = element("div", {}, calls.root);
  let known;
  let isShown = false;
  let timer;
  let waitsFor;
  let lastRefresh = 0;
  let loads = 0;

  fill(panel, element("header", { class: "head head-apart" }, element("h1", {}, t("activity.title")), choice.root), instead, filled, list, lead);
  show(filled, false);

  return { update, show: start, hide: stop };

  function update({ activity_days: days, clients }) {
    fill(lead, t("activity.lead", { count: days }));
    const fresh = clients.map(({ id, calls: count }) => `${id} ${count}`).join();
    const isNews = known !== undefined && fresh !== known;
    known = fresh;
    if (isShown && isNews) soon();
  }

  /** At once, and while calls go on coming, now and then. */
  function soon() {
    if (waitsFor) return;
    const pause = Math.max(0, lastRefresh + BREATH - performance.now());
    waitsFor = setTimeout(() => isShown && refresh(), pause);
  }

  function start() {
    if (isShown) return;
    isShown = true;
    timer = setInterval(() => !document.hidden && load({ isNew: false }), PERIOD);
    refresh();
  }

  function stop() {
    isShown = false;
    clearInterval(timer);
    clearTimeout(waitsFor);
    waitsFor = undefined;
  }

  function refresh() {
    clearTimeout(waitsFor);
    waitsFor = undefined;
    lastRefresh = performance.now();
    load({ isNew: false });
    calls.refresh();
  }

  function again() {
    load({ isNew: true });
    calls.refresh();
  }

  async function load({ isNew }) {
    loads += 1;
    const mine = loads;
    const range = choice.value();
    const edges = edgesOf(range, new Date());
    const slow = setTimeout(() => {
      if (isNew || filled.hidden) fill(instead, waiting(t("activity.loading")));
    }, NOTICEABLE);
    try {
      const view = await ask("activity", { edges });
      if (mine === loads) draw({ view, range, edges });
    } catch (failure) {
      if (mine !== loads) return;
      show(filled, false);
      show(list, false);
      // What is said about this code elsewhere is about saving.
      const why = Failed.of(failure).code === "store_failed" ? t("activity.failed_why") : undefined;
      fill(instead, failedState(t("activity.failed"), failure, again, why));
    } finally {
      clearTimeout(slow);
    }
  }

  function draw({ view, range, edges }) {
    const isEmpty = view.clients.length === 0;
    fill(instead, isEmpty && emptyState("activity", t(`activity.empty_${range}`), [t("activity.empty_why")], iconButton("connect", t("apps.connect"), { onclick: () => go("connect") })));
    show(filled, !isEmpty);
    show(list, true);
    if (isEmpty) return;
    const named = view.clients.map((client) => ({ ...client, name: client.name || t("main.unknown_app") }));
    const series = seriesOf(named, t("activity.others"));
    const shown = { view, range, edges, series };
    chart.draw(shown);
    fill(table, chartTable(shown));
    const slots = new Map(series.map(({ id, slot }) => [id, slot]));
    fill(sums, byApp(named, (id) => slots.get(id) ?? OTHERS), byTool(view.tools));
    calls.offer(named, view.tools);
  }

  function toggleTable() {
    const isOpen = table.className === "unseen";
    table.className = isOpen ? "scroller" : "unseen";
    table.tabIndex = isOpen ? 0 : -1;
    tableToggle.setAttribute("aria-expanded", String(isOpen));
    tableToggle.textContent = t(isOpen ? "activity.hide_table" : "activity.show_table");
  }
}
