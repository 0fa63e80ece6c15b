// The field for a key: hidden, with a way to look; takes nothing that cannot be a key; forgets it when it is taken.

import { element, fill } from "./dom.js";
import { PREFIX, cleaned, formOf } from "./key_form.js";
import { t } from "./words.js";

/** Nobody is told of a slip while they are still typing. */
const DONE_TYPING = 1000;

const EYE = "M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Z M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z";
const STRUCK = " M4 20 20 4";

/**
 * Builds the field into `mount`, an empty element.
 * @param {HTMLElement} mount
 * @param {{changed?: () => void, entered?: () => void}} [listeners] the text changed; Enter was pressed
 */
export function keyField(mount, { changed = () => {}, entered = () => {} } = {}) {
  const id = mount.id;
  const input = element("input", {
    id: `${id}-input`,
    type: "password",
    autocomplete: "off",
    spellcheck: false,
    autocapitalize: "off",
    autocorrect: "off",
    "aria-describedby": `${id}-said`,
    placeholder: `${PREFIX}…`,
    oninput: typed,
    onpaste: (/** @type {ClipboardEvent} */ event) => insert(event, event.clipboardData),
    ondrop: (/** @type {DragEvent} */ event) => insert(event, event.dataTransfer),
    onblur: () => document.hasFocus() && check(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      if (!event.repeat) entered();
    },
  });
  const eye = element("button", { type: "button", class: "bare", onclick: () => reveal(input.type === "password") });
  const said = element("p", { id: `${id}-said`, class: "said note", "aria-live": "polite" });
  fill(
    mount,
    element("label", { htmlFor: input.id }, t("consent.key")),
    element("div", { class: "field" }, input, eye),
    said,
  );
  let typing = 0;
  reveal(false);

  function typed() {
    clearTimeout(typing);
    say("");
    const form = formOf(input.value);
    if (form === "key") say(t("consent.key_fits"), "ok");
    if (form === "other") typing = setTimeout(check, DONE_TYPING);
    changed();
  }

  /**
   * @param {Event} event
   * @param {DataTransfer | null} data
   */
  function insert(event, data) {
    event.preventDefault();
    const text = cleaned(data?.getData("text/plain") ?? "");
    if (text === undefined) {
      say(t("consent.pasted_no_key"), "stop");
      return;
    }
    const [from, to] = text.startsWith(PREFIX) ? [0, input.value.length] : [input.selectionStart, input.selectionEnd];
    input.setRangeText(text, from, to, "end");
    typed();
  }

  /** Says what is wrong with what stands there; whether it is a key. */
  function check() {
    clearTimeout(typing);
    const form = formOf(input.value);
    if (form === "begun") say(t("consent.key_too_short"), "stop");
    if (form === "other") say(t("failure.not_a_key"), "stop");
    return form === "key";
  }

  /**
   * @param {string} text
   * @param {"note" | "ok" | "stop"} [how]
   */
  function say(text, how = "note") {
    said.className = how === "stop" ? "said failed" : `said ${how}`;
    said.textContent = text;
    input.setAttribute("aria-invalid", String(how === "stop"));
  }

  /** @param {boolean} isShown */
  function reveal(isShown) {
    input.type = isShown ? "text" : "password";
    const name = t(isShown ? "consent.hide_key" : "consent.show_key");
    eye.setAttribute("aria-label", name);
    eye.title = name;
    fill(eye, drawing(isShown ? EYE + STRUCK : EYE));
  }

  return {
    check,
    say,
    isEmpty: () => input.value === "",
    focus: () => input.focus(),
    /** @param {boolean} isOn */
    enable(isOn) {
      input.disabled = !isOn;
      eye.disabled = !isOn;
    },
    /** Gives the key away and forgets it. */
    take() {
      const key = input.value;
      input.value = "";
      reveal(false);
      say("");
      return key;
    },
  };
}

/** @param {string} path */
function drawing(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
