// What can be done about an app, and what is said in its card meanwhile and afterwards. An app that must be quit first is
// waited for: the person quits it, and what they asked for goes on.

import { Failed, ask } from "../../bridge.js";
import { element, fill, phrase, show } from "../../dom.js";
import { t } from "../../words.js";
import { go } from "../navigation.js";
import { confirmIn } from "../parts/confirmation.js";
import { perform } from "../parts/perform.js";
import { say } from "../parts/say.js";
import { selectable } from "../parts/selectable.js";
import { waiting } from "../parts/states.js";
import { resultShown } from "./connect_result.js";
import { stepsShown } from "./connect_steps.js";

/** Milliseconds between two looks at an app that is to be quit, or that asks the person itself. */
const PERIOD = 1000;

/** `app()` is the app as it is known now; `foot` are the buttons, which make room for what is said in `place`. */
export function makeActions({ place, foot, failure, title, refresh, fresh, app }) {
  const id = () => app().id;
  let ending = () => {};

  return { connect, replace: askReplace, disconnect, link, extension, look };

  function connect({ currentTarget }) {
    attempt(currentTarget, connecting({ replace: false }));
  }

  function disconnect({ currentTarget }) {
    attempt(currentTarget, { run: () => ask("disconnect_app", { id: id() }), preview: () => ask("disconnect_preview", { id: id() }), done: disconnected });
  }

  function connecting({ replace }) {
    const wanted = { id: id(), replace };
    return { run: () => ask("connect_app", wanted), preview: () => ask("connect_preview", wanted), done: connected };
  }

  async function look({ currentTarget }) {
    await perform(currentTarget, failure, refresh);
  }

  /** Does it; if the app must be quit first, waits for that and does it then. */
  async function attempt(button, work) {
    let steps;
    let mustQuit = false;
    const isDone = await perform(
      button,
      failure,
      async () => {
        steps = await work.run();
      },
      { told: (reason) => (mustQuit = isQuitFirst(reason)) },
    );
    if (isDone) work.done(steps);
    else if (mustQuit) waitUntilQuit(work);
    else {
      // The button may be gone, when this went on after a wait.
      if (!button.isConnected) title.focus();
      refresh();
    }
  }

  function waitUntilQuit(work) {
    const { name } = app();
    const cancel = element("button", { type: "button", onclick: close }, t("main.cancel"));
    const line = waiting(t("connect.quit_waiting"));
    occupy(element("div", { class: "inset" }, element("h3", {}, phrase("connect.quit", { name })), element("p", {}, phrase("connect.quit_why", { name })), line, element("div", { class: "row row-end" }, cancel)));
    cancel.focus();
    repeat(async () => {
      // What cannot be looked at any more is tried, and told.
      const isRunning = await work.preview().then(({ quit_first: must }) => must, () => false);
      if (isRunning) return false;
      free();
      await attempt(cancel, work);
      return true;
    });
  }

  async function askReplace({ currentTarget: button }) {
    const { name } = app();
    const work = connecting({ replace: true });
    let preview;
    const isKnown = await perform(button, failure, async () => {
      preview = await work.preview();
    });
    if (!isKnown) return;
    let steps;
    show(foot, false);
    confirmIn(place, {
      question: phrase("connect.replace_ask", { name }),
      means: [t("connect.replace_back")],
      shown: stepsShown(preview),
      doIt: t("connect.replace_do"),
      keep: t("connect.keep"),
      async work() {
        try {
          steps = await work.run();
        } catch (reason) {
          if (!isQuitFirst(reason)) throw reason;
        }
      },
      done() {
        show(foot, true);
        if (steps) connected(steps);
        else waitUntilQuit(work);
      },
      closed: close,
    });
  }

  /** The app itself asks; that it was allowed there is seen in its files. */
  async function link({ currentTarget: button }) {
    if (!(await perform(button, failure, () => ask("connect_open_link", { id: id() })))) return;
    const { name, state } = app();
    const leave = element("button", { type: "button", onclick: close }, t("connect.close"));
    occupy(element("div", { class: "inset" }, element("p", { role: "status" }, phrase("connect.link_opened", { name })), element("div", { class: "row row-end" }, leave)));
    leave.focus();
    repeat(async () => {
      await refresh();
      if (app().state === state) return false;
      if (app().state === "connected") connected({ app: app(), steps: [] });
      else close();
      return true;
    });
  }

  /** The other way, in the place of an entry; whether the app has it cannot be seen from outside. */
  async function extension({ currentTarget: button }) {
    let file;
    const isSaved = await perform(button, failure, async () => {
      file = await ask("connect_save_extension", { id: id() });
    });
    if (!isSaved) return;
    const { name } = app();
    const leave = element("button", { type: "button", onclick: close }, t("connect.close"));
    const words = [phrase("connect.extension_saved", { file: selectable(file) }), phrase("connect.extension_next", { name }), phrase("connect.extension_instead", { name })];
    occupy(element("div", { class: "inset" }, ...words.map((each, index) => element("p", index === 0 ? { tabIndex: -1 } : {}, each)), element("div", { class: "row row-end" }, leave)));
  }

  function connected(steps) {
    fresh(steps.app);
    occupy(resultShown(steps, { undo: steps.steps.length > 0 && disconnect, close }), { isBeside: true });
    say(phrase("connect.connected", { name: steps.app.name }));
  }

  function disconnected(steps) {
    fresh(steps.app);
    const leave = element("button", { type: "button", onclick: close }, t("connect.close"));
    const apps = element("button", { type: "button", onclick: () => go("apps") }, t("connect.show_apps"));
    occupy(element("div", { class: "inset" }, element("p", {}, phrase("connect.disconnected", { name: steps.app.name }), " ", t("connect.disconnected_stays")), element("div", { class: "row row-end" }, apps, leave)), { isBeside: true });
    say(phrase("connect.disconnected", { name: steps.app.name }));
    leave.focus();
  }

  /** Calls `step` now and then until it says that it is done, or what it belongs to goes. */
  function repeat(step) {
    let timer;
    let isOver = false;
    ending = () => {
      isOver = true;
      clearTimeout(timer);
    };
    const again = () => {
      timer = setTimeout(async () => {
        if (!isOver && !(await step()) && !isOver) again();
      }, PERIOD);
    };
    again();
  }

  function occupy(content, { isBeside = false } = {}) {
    ending();
    fill(place, content);
    show(foot, isBeside);
    content.querySelector("[tabindex='-1']")?.focus();
    content.scrollIntoView({ block: "nearest" });
  }

  function free() {
    ending();
    fill(place);
    show(foot, true);
  }

  function close() {
    free();
    title.focus();
  }
}

function isQuitFirst(reason) {
  return Failed.of(reason).code === "quit_first";
}
