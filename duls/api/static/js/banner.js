/** One line above everything when what is shown is not the present state, and the sign of the connection. */

import { byId, write } from "./dom.js";
import { freshnessOf } from "./freshness.js";
import { clockSeconds, dateOf, text } from "./language.js";

/** @typedef {import("./live_state.js").LiveState} LiveState */
/** @typedef {import("./live_stream.js").Link} Link */

/** A connection that is back sooner was never missed. */
const GRACE_MS = 2_500;

/**
 * Show the state of the connection and of the data; the body's `data-frozen` takes the colour from all figures.
 *
 * @param {LiveState} state
 * @param {Link} link
 */
export function drawBanner(state, link) {
  const words = bannerWords(state);
  byId("banner").hidden = words === "";
  write(byId("banner-words"), words);
  byId("retry").hidden = state.cutSinceMs === null;
  const frozen = isFrozen(state);
  // connected to a server whose vehicles stand still is not live
  byId("link").dataset.link = frozen && link === "live" ? "connected" : link;
  write(byId("link-word"), linkWord(link, frozen));
  document.body.dataset.frozen = String(frozen);
  write(byId("clock"), clockSeconds(state.nowMs()));
  write(byId("date"), dateOf(state.nowMs()));
}

/** @param {Link} link @param {boolean} frozen */
function linkWord(link, frozen) {
  if (link === "live") return text(frozen ? "link_connected" : "link_live");
  return text(link === "connecting" ? "link_connecting" : "link_lost");
}

/** @param {LiveState} state */
function bannerWords(state) {
  const { database_since: databaseSince, settling } = state.head;
  if (state.cutSinceMs !== null) return isOver(state, state.cutSinceMs) ? text("lost_banner", { time: clockSeconds(state.cutSinceMs) }) : "";
  if (databaseSince !== null) return isOver(state, databaseSince) ? text("database_banner", { time: clockSeconds(databaseSince) }) : "";
  const { condition, sinceMs } = positions(state);
  if (sinceMs !== null && condition !== "fresh") return text("frozen_banner", { time: clockSeconds(sinceMs) });
  return settling ? text("settling_banner") : "";
}

/** @param {LiveState} state @param {number} sinceMs */
const isOver = (state, sinceMs) => state.nowMs() - sinceMs > GRACE_MS;

/** Whether the vehicles on the map stand still: they come from positions. @param {LiveState} state */
function isFrozen(state) {
  const { condition } = positions(state);
  return condition === "silent" || condition === "stalled";
}

/** @param {LiveState} state */
function positions(state) {
  return freshnessOf(state.feeds.get("fms"), state.nowMs(), state.isCut);
}
