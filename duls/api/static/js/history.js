/** Figures of past slots, fetched when looked at; a slot that is over for a while is kept. */

import { requestJson } from "./access.js";

/** @typedef {{ present: number, entries: number, exits: number }} ZoneSlot present: the mean number over the slot */
/** @typedef {{ start: number, slotMs: number, zones: Map<string, ZoneSlot> }} Slot start in ms since 1970 */
/** @typedef {{ start: number, present: number | null }} Point null: no data */
/** @typedef {{ slotMs: number, points: Point[] }} Series every slot of the span, the oldest first, without the running one */

/** After this a slot that was fetched changes no more to the eye: positions are seconds late, not minutes. */
const SETTLED_MS = 180_000;
const KEPT_SLOTS = 200;

export class History {
  /** @type {Map<number, Slot>} */
  #slots = new Map();
  #nowMs;

  /** @param {() => number} nowMs by the server's clock */
  constructor(nowMs) {
    this.#nowMs = nowMs;
  }

  /** @param {number} start @returns {Slot | null} a slot that is at hand */
  known(start) {
    return this.#slots.get(start) ?? null;
  }

  /**
   * Fetch a slot, unless it is at hand and settled.
   *
   * @param {number} start
   * @returns {Promise<Slot>}
   */
  async slot(start) {
    const known = this.#slots.get(start);
    if (known && this.#nowMs() - known.start - known.slotMs > SETTLED_MS) return known;
    const answer = await requestJson(`page/slots/${start}`);
    const slot = { start, slotMs: answer.slot_s * 1000, zones: new Map(Object.entries(answer.zones)) };
    if (this.#slots.size >= KEPT_SLOTS) this.#slots.delete(this.#slots.keys().next().value ?? 0);
    this.#slots.set(start, slot);
    return slot;
  }

  /**
   * Fetch the mean number present, for each slot of the past hours.
   *
   * @param {{ zone: string } | { kind: string }} where in a zone, or in all zones of a kind together
   * @returns {Promise<Series>}
   */
  async series(where) {
    const answer = await requestJson(`page/series?${new URLSearchParams(where)}`);
    const slotMs = answer.slot_s * 1000;
    /** @type {Map<number, number>} */
    const known = new Map(answer.present);
    const points = [];
    for (let start = answer.from; start < answer.to; start += slotMs) points.push({ start, present: known.get(start) ?? null });
    return { slotMs, points };
  }
}
