/** What each zone shows: its vehicles now, or in the past slot that is looked at. */

import { fullest, levelOf, loadOf } from "./load.js";

/** @typedef {import("./zone_features.js").Zone} Zone */
/** @typedef {import("./load.js").Level} Level */
/** @typedef {import("./history.js").Slot} Slot */
/** @typedef {{ present: number | null, load: number | null, level: Level }} Figure present null: no data */

/** Kinds that count each vehicle once, the widest first. */
const COUNTED_KINDS = ["municipality", "district", "neighbourhood"];

export class Figures {
  #state;
  /** @type {Map<string, Zone>} */
  zones = new Map();
  /** @type {Slot | null} figures of the past slot that is looked at, once they are there */
  slot = null;
  isPast = false;

  /** @param {import("./live_state.js").LiveState} state */
  constructor(state) {
    this.#state = state;
  }

  /** @param {Zone} zone @returns {Figure} */
  of(zone) {
    const present = this.isPast ? this.#then(zone) : (this.#state.zone(zone.id)?.present ?? null);
    const load = present === null ? null : loadOf(present, zone.capacity);
    return { present, load, level: levelOf(present, zone) };
  }

  /** @param {number} count */
  fullest(count) {
    return this.rows(fullest(this.zones.values(), (zone) => this.of(zone).present, count).map(({ zone }) => zone.id));
  }

  /** @param {string[]} ids @returns {{ zone: Zone, present: number, load: number, level: Level }[]} */
  rows(ids) {
    return ids.flatMap((id) => {
      const zone = this.zones.get(id);
      if (!zone) return [];
      const { present, load, level } = this.of(zone);
      return [{ zone, present: present ?? 0, load: load ?? 0, level }];
    });
  }

  /** @returns {string | null} the kind that counts each vehicle once; null where none does */
  countedKind() {
    const kinds = new Set([...this.zones.values()].map((zone) => zone.kind));
    return COUNTED_KINDS.find((kind) => kinds.has(kind)) ?? null;
  }

  /** Vehicles now, each counted once; where no kind does so, those of the busiest zone. @returns {number | null} */
  active() {
    const kind = this.countedKind();
    const zones = [...this.zones.values()].filter((zone) => kind === null || zone.kind === kind);
    const counts = zones.map((zone) => this.#state.zone(zone.id)?.present ?? null);
    if (counts.length === 0 || counts.includes(null)) return null;
    const known = /** @type {number[]} */ (counts);
    return kind === null ? Math.max(...known) : known.reduce((sum, count) => sum + count, 0);
  }

  /** @returns {{ busy: number, full: number } | null} the limits of all zones; null where they differ */
  limits() {
    const kinds = new Set([...this.zones.values()].map(({ busy, full }) => `${busy} ${full}`));
    const [zone] = this.zones.values();
    return kinds.size === 1 ? { busy: zone.busy, full: zone.full } : null;
  }

  /** @param {Zone} zone */
  #then(zone) {
    // a slot in which nothing was counted anywhere is a gap, not an empty city
    if (this.slot === null || this.slot.zones.size === 0) return null;
    return this.slot.zones.get(zone.id)?.present ?? 0;
  }
}
