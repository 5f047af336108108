/** What the server said last: zones, feeds and alerts now. One owner, told of changes; everything on screen follows it. */

/** @typedef {{ present: number, silent: number, zero_emission: number, classes: Record<string, number> }} ZoneNow */
/**
 * @typedef {{
 *   last_arrival: number | null, last_event_time: number | null, complete_through: number | null,
 *   rate_per_s: number, accepted_1h: number, rejected_1h: number
 * }} Feed times in ms since 1970
 */
/**
 * @typedef {{
 *   zone_id: string, rule: string, state: string, value: number | null, capacity: number | null, pct: number | null,
 *   since: number, until: number | null, acknowledged_by: string | null, acknowledged_at: number | null,
 *   reason: string | null, reason_en: string | null, probability: number | null, expected: number | null
 * }} Alert of a zone that is rising: how likely it is too full within half an hour, and when it likely will be
 */
/** @template T @typedef {Record<string, T | null>} Changes null: gone */
/**
 * @typedef {{
 *   as_of: number | null, database_since: number | null, settling: boolean, zones_version: string,
 *   zones?: Changes<ZoneNow>, feeds?: Changes<Feed>, alerts?: Changes<Alert>
 * }} Message
 */

/** @type {ZoneNow} a zone without a row: nobody is there */
const EMPTY_ZONE = { present: 0, silent: 0, zero_emission: 0, classes: {} };

export class LiveState extends EventTarget {
  /** @type {Map<string, ZoneNow>} */
  zones = new Map();
  /** @type {Map<string, Feed>} */
  feeds = new Map();
  /** @type {Map<string, Alert>} */
  alerts = new Map();
  /** @type {Omit<Message, "zones" | "feeds" | "alerts">} */
  head = { as_of: null, database_since: null, settling: false, zones_version: "" };
  mayAcknowledge = false;
  /** @type {number | null} since when there is no connection, by the server's clock; null while there is one */
  cutSinceMs = null;
  hasState = false;
  #aheadMs = 0;
  #lastMessageMs = 0;

  /** The time by the server's clock, in ms since 1970. */
  nowMs() {
    return Date.now() + this.#aheadMs;
  }

  /** Whether what is shown cannot be the present state. */
  get isCut() {
    return this.cutSinceMs !== null || this.head.database_since !== null;
  }

  /** @param {string} id @returns {ZoneNow | null} null where nothing is known of any zone */
  zone(id) {
    if (this.head.as_of === null) return null;
    return this.zones.get(id) ?? EMPTY_ZONE;
  }

  /**
   * Take an event of the stream.
   *
   * @param {string} type `beat` tells the time, `rights` what this client may do, `state` everything, `delta` what changed
   * @param {any} content
   */
  take(type, content) {
    if (type === "beat") {
      this.#aheadMs = content.now - Date.now();
      this.#lastMessageMs = content.now;
    } else if (type === "rights") this.mayAcknowledge = content.acknowledge;
    else this.#takeFigures(content, type === "state");
  }

  /** @param {Message} message @param {boolean} isWhole */
  #takeFigures({ zones, feeds, alerts, ...head }, isWhole) {
    change(this.zones, zones, isWhole);
    change(this.feeds, feeds, isWhole);
    change(this.alerts, alerts, isWhole);
    this.head = head;
    this.hasState = true;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {boolean} isCut */
  setCut(isCut) {
    if (isCut === (this.cutSinceMs !== null)) return;
    this.cutSinceMs = isCut ? this.#lastMessageMs || this.nowMs() : null;
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {Changes<T> | undefined} changes
 * @param {boolean} isWhole
 */
function change(map, changes, isWhole) {
  if (isWhole) map.clear();
  for (const [key, value] of Object.entries(changes ?? {})) {
    if (value === null) map.delete(key);
    else map.set(key, value);
  }
}
