/**
 * The stream of live figures: connected, or on the way to be so again.
 *
 * It is read with `fetch`, not `EventSource`, which can carry no token, gives up for ever at the first 503, and
 * does not notice a connection over which nothing comes any more.
 */

import { authorization } from "./access.js";
import { EventParser } from "./event_parser.js";

/** @typedef {import("./event_parser.js").StreamEvent} StreamEvent */
/** @typedef {"connecting" | "live" | "lost" | "denied"} Link */
/** @typedef {{ onEvent: (event: StreamEvent) => void, onLink: (link: Link, status: number) => void }} Listener */

/** The server sends something each second or so; after this long a connection counts as dead. */
const SILENCE_MS = 8_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
const ASK_FOR_TOKEN = [401, 403];

export class LiveStream {
  #path;
  #listener;
  #lastId = "";
  #failures = 0;
  #retryMs = FIRST_RETRY_MS;
  /** @type {() => void} */
  #wake = () => {};
  /** @type {AbortController | null} */
  #attempt = null;

  /** @param {string} path @param {Listener} listener */
  constructor(path, listener) {
    this.#path = path;
    this.#listener = listener;
    window.addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.retry());
  }

  /** Connect, and again after every end, for as long as the page lives. */
  async run() {
    for (;;) {
      const status = await this.#connect();
      const isDenied = ASK_FOR_TOKEN.includes(status);
      this.#listener.onLink(isDenied ? "denied" : "lost", status);
      await this.#pause(isDenied ? Infinity : this.#delayMs());
    }
  }

  /** Do not wait any longer for the next attempt. */
  retry() {
    this.#wake();
  }

  /** Drop the connection, so that a new one is made with what is known now, a token for instance. */
  reconnect() {
    this.#failures = 0;
    this.#lastId = "";
    this.#attempt?.abort();
    this.#wake();
  }

  /** @returns {Promise<number>} status of the answer, 0 where none came or it ended */
  async #connect() {
    const attempt = (this.#attempt = new AbortController());
    const watchdog = new Watchdog(() => attempt.abort());
    try {
      const headers = new Headers({ Accept: "text/event-stream", ...authorization() });
      if (this.#lastId) headers.set("Last-Event-ID", this.#lastId);
      const response = await fetch(this.#path, { headers, cache: "no-store", signal: attempt.signal });
      if (!response.ok || !response.body) return response.status;
      await this.#read(response.body, watchdog);
    } catch {
      // no server, a cut connection or our own watchdog: all the same, there is no stream
    } finally {
      watchdog.stop();
    }
    return 0;
  }

  /** @param {ReadableStream<Uint8Array>} body @param {Watchdog} watchdog */
  async #read(body, watchdog) {
    const parser = new EventParser();
    const reader = body.pipeThrough(/** @type {ReadableWritablePair<string, Uint8Array>} */ (new TextDecoderStream())).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      watchdog.feed();
      for (const event of parser.push(value)) this.#take(event);
      this.#retryMs = parser.retryMs ?? this.#retryMs;
    }
  }

  /** @param {StreamEvent} event */
  #take(event) {
    this.#lastId = event.id;
    this.#failures = 0;
    this.#listener.onLink("live", 200);
    this.#listener.onEvent(event);
  }

  /** Twice as long after each failure, and a little by chance, so that a control room does not return as one. */
  #delayMs() {
    const wholeMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2 ** this.#failures);
    this.#failures += 1;
    return wholeMs * (0.5 + Math.random() / 2);
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => this.#wake(), ms) : 0;
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve(undefined);
      };
    });
  }
}

/** Barks when it is not fed for `SILENCE_MS`. */
class Watchdog {
  #bark;
  #timer = 0;

  /** @param {() => void} bark */
  constructor(bark) {
    this.#bark = bark;
    this.feed();
  }

  feed() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.#bark, SILENCE_MS);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
