// Who asks, where the answer goes, and what is to be pointed out about that.

import { avatar } from "../avatar.js";
import { byId, element, fill, foreign, phrase, show } from "../dom.js";
import { exact, t } from "../words.js";

/**
 * A `RequestView` of the program.
 * @typedef {object} Request
 * @property {string} code
 * @property {string} client_id
 * @property {string} client_name
 * @property {boolean} name_looks_alike
 * @property {string | null} confirmed_by
 * @property {string | null} allowed_before
 * @property {"loopback_only" | "unknown_scheme" | "foreign_website" | null} warning
 * @property {string | null} redirect_uri
 * @property {{kind: "this_computer"} | {kind: "website", host: string} | {kind: "scheme", scheme: string}} goes_to
 * @property {string} registered
 * @property {string | null} registered_at
 * @property {string | null} program
 * @property {string[]} scopes
 * @property {string} expires_at
 */

/**
 * @param {Request} request
 * @param {{fill: (facts: [string, Node | string][]) => void}} details
 */
export function showAsker(request, details) {
  const name = element("span", { class: "name", title: request.client_name }, foreign(request.client_name));
  fill(byId("who"), phrase("consent.asks", { app: name }));
  byId("initial").replaceWith(avatar(request.client_id, request.client_name));

  fill(byId("goes-to"), ...destination(request));
  fill(byId("goes-to-note"), note(request));
  fill(byId("name-from"), nameFrom(request));
  byId("code").textContent = request.code;
  // A program that is connected directly shows no page; it names the code when it has waited for a while.
  byId("code-note").textContent = t(request.redirect_uri === null ? "consent.code_in_app" : "consent.same_in_browser");
  warn(request);
  details.fill(facts(request));
}

/** @param {Request} request */
function destination({ goes_to }) {
  if (goes_to.kind === "this_computer") return [t("consent.this_computer")];
  if (goes_to.kind === "website") return [foreign(goes_to.host)];
  return [phrase("consent.program_for", { scheme: foreign(`${goes_to.scheme}:`) })];
}

/** @param {Request} request */
function note(request) {
  if (request.warning === "loopback_only") return t("consent.loopback_only");
  return request.goes_to.kind === "website" ? t("consent.a_website") : "";
}

/** @param {Request} request */
function nameFrom({ confirmed_by, name_looks_alike }) {
  if (name_looks_alike) return t("consent.name_looks_alike");
  return confirmed_by ? phrase("consent.name_confirmed", { host: confirmed_by }) : t("consent.name_claimed");
}

/**
 * One thing is pointed out, the most telling one: what says more of it stands beside the name and the address.
 * @param {Request} request
 */
function warn({ warning, client_name, goes_to, name_looks_alike }) {
  if (warning === "foreign_website" && goes_to.kind === "website") {
    pointOut("stop", phrase("consent.foreign_website", { app: client_name, host: goes_to.host }));
  } else if (name_looks_alike) {
    pointOut("stop", phrase("consent.looks_alike", { app: client_name }));
  } else if (warning === "unknown_scheme" && goes_to.kind === "scheme") {
    pointOut("warn", phrase("consent.unknown_scheme", { scheme: `${goes_to.scheme}:` }));
  }
}

/**
 * @param {"stop" | "warn"} how
 * @param {Node} words
 */
function pointOut(how, words) {
  fill(byId("warning-words"), words);
  byId("warning").classList.add(how);
  show(byId("warning"), true);
}

/**
 * What only those who look for it want to know.
 * @param {Request} request
 * @returns {[string, Node | string][]}
 */
function facts(request) {
  const { registered_at, redirect_uri, program, allowed_before } = request;
  const registered = t(`consent.registered_${request.registered}`);
  /** @type {[string, Node | string | null][]} */
  const all = [
    ["consent.full_name", foreign(request.client_name)],
    ["consent.registration", registered_at ? `${registered}, ${exact(registered_at)}` : registered],
    ["consent.address", redirect_uri && element("bdi", { class: "fixed" }, redirect_uri)],
    ["consent.id", element("bdi", { class: "fixed" }, request.client_id)],
    ["consent.program", program && element("bdi", { class: "fixed" }, program)],
    ["consent.allowed_before", allowed_before ? exact(allowed_before) : t("consent.never")],
  ];
  return /** @type {[string, Node | string][]} */ (all.filter(([, value]) => value));
}
