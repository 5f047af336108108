/** The alerts: what is too full, since when and why, who has seen it, and the button that says so. */

import { RequestError, request } from "./access.js";
import { byId, changeSign, make, signOf, write } from "./dom.js";
import { clockMinutes, currentLanguage, duration, rounded, text, whole, wordOf } from "./language.js";

/** @typedef {import("./live_state.js").LiveState} LiveState */
/** @typedef {import("./live_state.js").Alert} Alert */
/** @typedef {"ready" | "sending" | "not_offered" | "refused" | "failed"} Sending */

/** Firing first, what is over last. */
const ORDER = ["firing", "pending", "rising", "no_data", "acknowledged", "clearing", "resolved"];
const SIGNS = /** @type {Record<string, string>} */ ({
  firing: "full", pending: "busy", rising: "rising", no_data: "none", acknowledged: "seen", clearing: "calm", resolved: "calm",
});
const LOUD = ["firing"];
/** Nothing to take on: somebody has, or there is no alert any more, or yet. */
const ACKNOWLEDGED_BY_NATURE = ["acknowledged", "resolved", "rising"];

export class AlertList {
  #state;
  #page;
  /** @type {Map<string, AlertItem>} */
  #items = new Map();
  /** @type {Set<string> | null} loud alerts that were seen before; null before the first state */
  #known = null;

  /**
   * @param {LiveState} state
   * @param {{ nameOf: (zone: string) => string, onChoose: (zone: string, opener: HTMLElement) => void, say: (sentence: string) => void }} page
   */
  constructor(state, page) {
    this.#state = state;
    this.#page = page;
  }

  /** Whether an alert asks for somebody. */
  get isLoud() {
    return [...this.#state.alerts.values()].some(({ state }) => LOUD.includes(state));
  }

  draw() {
    const alerts = [...this.#state.alerts].sort(([, a], [, b]) => rank(a) - rank(b) || b.since - a.since);
    this.#removeGone();
    for (const [place, [id, alert]] of alerts.entries()) this.#put(id, alert, place);
    byId("alerts-quiet").hidden = alerts.length > 0 || !this.#state.hasState;
    const open = alerts.filter(([, alert]) => isOpen(alert)).length;
    write(byId("alerts-count"), open > 0 ? whole(open) : "");
    if (this.#state.hasState) this.#tellNew();
  }

  #removeGone() {
    for (const [id, item] of this.#items) {
      if (this.#state.alerts.has(id)) continue;
      item.element.remove();
      this.#items.delete(id);
    }
  }

  /** @param {string} id @param {Alert} alert @param {number} place */
  #put(id, alert, place) {
    let item = this.#items.get(id);
    if (!item) {
      item = new AlertItem(id, this.#page);
      this.#items.set(id, item);
    }
    const list = byId("alerts");
    // moving an element takes its focus away, so only what is elsewhere is moved
    if (list.children[place] !== item.element) list.insertBefore(item.element, list.children[place] ?? null);
    item.draw(alert, this.#state.nowMs(), this.#state.mayAcknowledge);
  }

  #tellNew() {
    const loud = [...this.#state.alerts].filter(([, alert]) => LOUD.includes(alert.state));
    const fresh = this.#known === null ? [] : loud.filter(([id]) => !this.#known?.has(id));
    this.#known = new Set(loud.map(([id]) => id));
    if (fresh.length > 1) this.#page.say(text("say_alerts", { count: fresh.length }));
    else if (fresh.length === 1) this.#page.say(text("say_alert", { zone: this.#page.nameOf(fresh[0][1].zone_id) }));
  }
}

/** Whether it has begun and is not over. @param {Alert} alert */
export const isOpen = ({ state, until }) => state !== "rising" && until === null;

/** @param {Alert} alert */
function rank({ state }) {
  const place = ORDER.indexOf(state);
  return place < 0 ? ORDER.length : place;
}

class AlertItem {
  element = make("li", {});
  #id;
  #page;
  #sign = signOf("full");
  #name = make("button", { type: "button", class: "name" });
  #state = make("span", { class: "state" });
  #since = make("span", { class: "since" });
  #why = make("p", { class: "why" });
  #seen = make("p", { class: "seen" });
  #button = make("button", { type: "button", class: "acknowledge" });
  /** @type {Alert | null} */
  #alert = null;
  /** @type {Sending} */
  #sending = "ready";

  /** @param {string} id @param {{ nameOf: (zone: string) => string, onChoose: (zone: string, opener: HTMLElement) => void, say: (sentence: string) => void }} page */
  constructor(id, page) {
    this.#id = id;
    this.#page = page;
    const head = make("p", { class: "head" }, this.#sign, this.#name, this.#state, this.#since);
    this.element.append(head, make("div", { class: "body" }, make("div", {}, this.#why, this.#seen), this.#button));
    this.#name.addEventListener("click", () => this.#alert && page.onChoose(this.#alert.zone_id, this.#name));
    this.#button.addEventListener("click", () => this.#acknowledge());
  }

  /** @param {Alert} alert @param {number} nowMs @param {boolean} mayAcknowledge */
  draw(alert, nowMs, mayAcknowledge) {
    this.#alert = alert;
    const zone = this.#page.nameOf(alert.zone_id);
    this.element.dataset.state = alert.state;
    changeSign(this.#sign, SIGNS[alert.state] ?? "busy");
    write(this.#name, zone);
    write(this.#state, wordOf("state", alert.state));
    write(this.#since, timesOf(alert, nowMs));
    write(this.#why, whyOf(alert));
    this.#why.hidden = whyOf(alert) === "";
    this.#drawSeen(alert, zone, mayAcknowledge);
  }

  /** @param {Alert} alert @param {string} zone @param {boolean} mayAcknowledge */
  #drawSeen(alert, zone, mayAcknowledge) {
    const isSeen = alert.acknowledged_at !== null;
    if (isSeen) this.#sending = "ready";
    const isOpen = !isSeen && alert.until === null && !ACKNOWLEDGED_BY_NATURE.includes(alert.state);
    const complaint = complaintOf(this.#sending);
    const who = alert.acknowledged_by ?? text("alert_by_unknown");
    const seen = isSeen ? text("alert_acknowledged", { who, time: clockMinutes(alert.acknowledged_at ?? 0) }) : complaint;
    write(this.#seen, seen);
    this.#seen.dataset.wrong = String(complaint !== "");
    const isOffered = isOpen && mayAcknowledge && this.#sending !== "not_offered" && this.#sending !== "refused";
    // what is hidden or disabled loses the focus, and Tab would begin at the top of the page again
    if (!isOffered && document.activeElement === this.#button) this.#name.focus();
    this.#button.hidden = !isOffered;
    this.#button.setAttribute("aria-disabled", String(this.#sending === "sending"));
    write(this.#button, text(this.#sending === "sending" ? "alert_acknowledging" : "alert_acknowledge"));
    this.#button.setAttribute("aria-label", text("alert_acknowledge_of", { zone }));
  }

  async #acknowledge() {
    if (this.#sending === "sending") return;
    this.#send("sending");
    try {
      const headers = { "Content-Type": "application/json" };
      await request(`v1/alerts/${encodeURIComponent(this.#id)}/acknowledge`, { method: "POST", headers, body: "{}" });
      this.#page.say(text("say_acknowledged", { zone: this.#page.nameOf(this.#alert?.zone_id ?? "") }));
      this.#send("ready"); // who and when come with the stream
    } catch (error) {
      this.#send(error instanceof RequestError ? sendingAfter(error.status) : "failed");
    }
  }

  /** @param {Sending} sending */
  #send(sending) {
    this.#sending = sending;
    if (this.#alert) this.#drawSeen(this.#alert, this.#page.nameOf(this.#alert.zone_id), true);
  }
}

/** @param {number} status @returns {Sending} */
function sendingAfter(status) {
  if (status === 409) return "ready"; // somebody was earlier, or it is over: the stream tells
  if (status === 401 || status === 403) return "refused";
  return status === 404 || status === 405 || status === 501 ? "not_offered" : "failed";
}

/** @param {Sending} sending */
function complaintOf(sending) {
  if (sending === "ready" || sending === "sending") return "";
  return text(`alert_${sending}`);
}

/** @param {Alert} alert @param {number} nowMs */
function timesOf(alert, nowMs) {
  if (alert.until !== null) return text("alert_ended", { time: clockMinutes(alert.until) });
  if (alert.state === "rising") return alert.expected === null ? "" : text("alert_expected", { time: clockMinutes(alert.expected) });
  return text("alert_since", { time: clockMinutes(alert.since), duration: duration(nowMs - alert.since) });
}

/** @param {Alert} alert the reason as given, in the language of the page where it has it, else what can be said without one */
function whyOf({ reason, reason_en: english, value, capacity, probability }) {
  const given = currentLanguage() === "en" ? (english ?? reason) : reason;
  if (given) return given;
  if (value === null || capacity === null) return "";
  const why = text("alert_why", { value: rounded(value), capacity: whole(capacity) });
  return probability === null ? why : `${why}; ${text("alert_likely", { percent: whole(100 * probability) })}`;
}
