/** How full a zone is, and what that is called. Pure. */

/** @typedef {"calm" | "busy" | "full" | "none" | "count"} Level none: no data; count: a zone without capacity */
/** @typedef {{ capacity: number | null, busy: number, full: number }} Limits busy, full: load from which a zone is so */

/**
 * Return vehicles over capacity; null for a zone without one. Where nobody may be, one vehicle is endlessly many.
 *
 * @param {number} present
 * @param {number | null} capacity
 */
export function loadOf(present, capacity) {
  if (capacity === null) return null;
  if (capacity === 0) return present > 0 ? Infinity : 0;
  return present / capacity;
}

/**
 * @param {number | null} present null: no data
 * @param {Limits} limits
 * @returns {Level}
 */
export function levelOf(present, { capacity, busy, full }) {
  if (present === null) return "none";
  const load = loadOf(present, capacity);
  if (load === null) return "count";
  if (load >= full) return "full";
  return load >= busy ? "busy" : "calm";
}

/**
 * Return the *count* fullest zones with a capacity, the fullest first.
 *
 * @template {{ name: string, capacity: number | null }} Zone
 * @param {Iterable<Zone>} zones
 * @param {(zone: Zone) => number | null} presentOf null: no data
 * @param {number} count
 * @returns {{ zone: Zone, present: number, load: number }[]}
 */
export function fullest(zones, presentOf, count) {
  const known = [];
  for (const zone of zones) {
    const present = presentOf(zone);
    const load = present === null ? null : loadOf(present, zone.capacity);
    if (present !== null && load !== null) known.push({ zone, present, load });
  }
  known.sort((a, b) => compareLoads(b.load, a.load) || b.present - a.present || a.zone.name.localeCompare(b.zone.name));
  return known.slice(0, count);
}

/** @param {number} a @param {number} b */
function compareLoads(a, b) {
  return a === b ? 0 : a - b; // two infinities are equal, their difference is not a number
}
