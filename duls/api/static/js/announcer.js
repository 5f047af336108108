/** One polite voice for screen readers. What changes each second is never said; what matters is said once, and not all at once. */

import { byId } from "./dom.js";

/** Time for a sentence to be spoken before the next. */
const PAUSE_MS = 4_000;
const LONGEST_QUEUE = 3;

export class Announcer {
  #element = byId("announcer");
  /** @type {string[]} */
  #queue = [];
  #isSpeaking = false;

  /** @param {string} sentence */
  say(sentence) {
    if (this.#queue.at(-1) === sentence) return;
    this.#queue.push(sentence);
    if (this.#queue.length > LONGEST_QUEUE) this.#queue.shift(); // old news is no news
    if (!this.#isSpeaking) this.#next();
  }

  #next() {
    const sentence = this.#queue.shift();
    this.#isSpeaking = sentence !== undefined;
    if (sentence === undefined) return;
    this.#element.textContent = sentence;
    setTimeout(() => this.#next(), PAUSE_MS);
  }
}
