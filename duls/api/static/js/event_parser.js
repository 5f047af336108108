/** The text of an event stream, in pieces of any length, as events. Pure; https://html.spec.whatwg.org/#parsing-an-event-stream */

/** @typedef {{ type: string, data: string, id: string }} StreamEvent */

export class EventParser {
  #rest = "";
  #type = "";
  #id = "";
  /** @type {string[]} */
  #data = [];

  /** Milliseconds that the server wants to pass before a new attempt, if it said so. @type {number | null} */
  retryMs = null;

  /**
   * Take a piece of the stream; return the events that it completes.
   *
   * @param {string} piece
   * @returns {StreamEvent[]}
   */
  push(piece) {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = /** @type {string} */ (lines.pop());
    /** @type {StreamEvent[]} */
    const events = [];
    for (const line of lines) {
      if (line === "") this.#end(events);
      else this.#field(line);
    }
    return events;
  }

  /** @param {StreamEvent[]} events */
  #end(events) {
    if (this.#data.length > 0) events.push({ type: this.#type || "message", data: this.#data.join("\n"), id: this.#id });
    this.#type = "";
    this.#data = [];
  }

  /** @param {string} line */
  #field(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#type = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id") this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
  }
}
