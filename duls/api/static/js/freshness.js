/** How old data is, and from when on it must look old. Pure. */

/** @typedef {import("./live_state.js").Feed} Feed */
/** @typedef {"fresh" | "silent" | "stalled" | "never"} Condition silent: nothing arrives; stalled: it arrives in vain */
/** @typedef {{ condition: Condition, sinceMs: number | null, ageMs: number | null }} Freshness */

/** Data older than this looks frozen. */
export const STALE_MS = 30_000;

/**
 * Judge a feed.
 *
 * @param {Feed | undefined} feed
 * @param {number} nowMs by the clock of the server
 * @param {boolean} isCut no connection to the server, or none of the server to its database
 * @returns {Freshness}
 */
export function freshnessOf(feed, nowMs, isCut) {
  const lastMs = feed?.last_arrival ?? null;
  if (!feed || lastMs === null) return { condition: "never", sinceMs: null, ageMs: null };
  const ageMs = Math.max(0, nowMs - lastMs);
  if (ageMs <= STALE_MS) return { condition: "fresh", sinceMs: null, ageMs };
  // figures that move on without new arrivals: the feed is silent, we are well
  const isTaken = !isCut && feed.complete_through !== null && nowMs - feed.complete_through <= STALE_MS;
  return { condition: isTaken ? "silent" : "stalled", sinceMs: lastMs, ageMs };
}
