/** What is looked at, in the address of the page, so that a link shows the same: language, zone, time and kind. */

import { knownLanguage } from "./language.js";

/**
 * @typedef {{
 *   language: import("./messages.js").Language, zone: string | null, slotMs: number | null, kind: string
 * }} View slotMs: start of a past slot, null for now
 */

export const OVERVIEW = "overview";

/** @returns {View} */
export function readAddress() {
  const words = new URLSearchParams(location.search);
  const slotMs = Date.parse(words.get("time") ?? "");
  return {
    language: knownLanguage(words.get("lang")),
    zone: words.get("zone") || null,
    slotMs: Number.isNaN(slotMs) ? null : slotMs,
    kind: words.get("show") || OVERVIEW,
  };
}

/** @param {View} view */
export function writeAddress(view) {
  const words = new URLSearchParams();
  if (view.language !== "nl") words.set("lang", view.language);
  if (view.zone !== null) words.set("zone", view.zone);
  if (view.slotMs !== null) words.set("time", new Date(view.slotMs).toISOString().replace(/:00\.000Z$/, "Z"));
  if (view.kind !== OVERVIEW) words.set("show", view.kind);
  // colons are allowed in a query and read better
  const query = words.toString().replaceAll("%3A", ":");
  const address = `${location.pathname}${query ? `?${query}` : ""}`;
  if (address !== location.pathname + location.search) history.replaceState(null, "", address);
}
