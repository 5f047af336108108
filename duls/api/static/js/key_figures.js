/** The row of key figures: vehicles, observations, alerts, and the age of each feed. */

import { isOpen } from "./alert_list.js";
import { byId, make, signOf, changeSign, write } from "./dom.js";
import { freshnessOf } from "./freshness.js";
import { clockSeconds, duration, rounded, text, whole, wordOf } from "./language.js";

/** @typedef {import("./live_state.js").LiveState} LiveState */
/** @typedef {import("./live_state.js").Feed} Feed */
/** @typedef {import("./freshness.js").Freshness} Freshness */
/** @typedef {{ count: number | null, where: string }} Active */

const FEEDS_FIRST = ["fms", "anpr"];

export class KeyFigures {
  #state;
  #say;
  #active = new Tile("active");
  #rate = new Tile("rate");
  #alerts = new Tile("alert-count");
  /** @type {Map<string, FeedTile>} */
  #feeds = new Map();

  /** @param {LiveState} state @param {(sentence: string) => void} say */
  constructor(state, say) {
    this.#state = state;
    this.#say = say;
    byId("tiles").append(this.#active.element, this.#rate.element, this.#alerts.element);
  }

  /** @param {Active} active vehicles, each counted once */
  draw(active) {
    this.#active.write(text("active_vehicles"), active.count === null ? "–" : whole(active.count), active.where);
    const feeds = [...this.#state.feeds.values()];
    const rate = feeds.reduce((sum, feed) => sum + feed.rate_per_s, 0);
    const accepted = feeds.reduce((sum, feed) => sum + feed.accepted_1h, 0);
    const isKnown = this.#state.hasState;
    this.#rate.write(
      text("events_per_s"),
      isKnown ? rounded(rate) : "–",
      isKnown ? text("accepted_hour", { count: whole(accepted) }) : "",
    );
    this.#drawAlerts();
    this.#drawFeeds();
  }

  #drawAlerts() {
    const open = [...this.#state.alerts.values()].filter(isOpen);
    const fresh = open.filter((alert) => alert.acknowledged_at === null).length;
    const note = fresh > 0 ? text("alerts_new", { count: fresh }) : text(open.length > 0 ? "alerts_all_seen" : "alerts_none");
    this.#alerts.write(text("open_alerts"), this.#state.hasState ? whole(open.length) : "–", this.#state.hasState ? note : "");
    this.#alerts.element.dataset.loud = String(fresh > 0);
  }

  #drawFeeds() {
    const names = [...this.#state.feeds.keys()].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
    for (const name of names.length > 0 ? names : FEEDS_FIRST) {
      let tile = this.#feeds.get(name);
      if (!tile) {
        tile = new FeedTile(name);
        this.#feeds.set(name, tile);
        byId("feeds").append(tile.element);
      }
      const feed = this.#state.feeds.get(name);
      tile.draw(feed, freshnessOf(feed, this.#state.nowMs(), this.#state.isCut), this.#say);
    }
  }
}

/** @param {string} name */
const rank = (name) => (FEEDS_FIRST.includes(name) ? FEEDS_FIRST.indexOf(name) : FEEDS_FIRST.length);

/** A name, a large figure and a line below. */
class Tile {
  element;
  #title = make("h2", {});
  #figure = make("p", { class: "figure" });
  #note = make("p", { class: "note" });

  /** @param {string} name */
  constructor(name) {
    this.element = make("div", { class: "tile", "data-tile": name, role: "group" }, this.#title, this.#figure, this.#note);
    this.#title.id = `tile-${name}`;
    this.element.setAttribute("aria-labelledby", this.#title.id);
  }

  /** @param {string} title @param {string} figure @param {string} note */
  write(title, figure, note) {
    write(this.#title, title);
    write(this.#figure, figure);
    write(this.#note, note);
  }
}

/** A feed and the age of its data: after 30 s it turns and says since when. */
class FeedTile {
  element;
  #name;
  #tile;
  #sign = signOf("calm");
  #condition = "";

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
    this.#tile = new Tile(`feed-${name}`);
    this.element = this.#tile.element;
    this.element.classList.add("feed");
    this.element.prepend(this.#sign);
  }

  /** @param {Feed | undefined} feed @param {Freshness} freshness @param {(sentence: string) => void} say */
  draw(feed, { condition, sinceMs, ageMs }, say) {
    const title = wordOf("feed", this.#name);
    const since = sinceMs === null ? "" : clockSeconds(sinceMs);
    const state = condition === "fresh" ? text("feed_fresh") : text(`feed_${condition}`, { time: since });
    const rejected = feed && feed.rejected_1h > 0 ? text("feed_rejected", { count: whole(feed.rejected_1h) }) : "";
    const age = ageMs === null ? "–" : `${duration(ageMs)} ${text("feed_age")}`;
    this.#tile.write(title, age, condition === "fresh" && rejected ? rejected : state);
    changeSign(this.#sign, { fresh: "calm", silent: "busy", stalled: "full", never: "none" }[condition]);
    this.element.dataset.condition = condition;
    if (this.#condition && this.#condition !== condition) {
      say(condition === "fresh" ? text("say_feed_fresh", { feed: title }) : text("say_feed_stale", { feed: title, state }));
    }
    this.#condition = condition;
  }
}
