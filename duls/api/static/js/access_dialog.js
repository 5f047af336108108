/** Asks for a token where the server wants one. */

import { forgetToken, useToken } from "./access.js";
import { byId, write } from "./dom.js";
import { text } from "./language.js";

export class AccessDialog {
  #dialog = /** @type {HTMLDialogElement} */ (byId("access"));
  #field = /** @type {HTMLInputElement} */ (byId("token"));
  #wasGiven = false;

  /** @param {() => void} onToken */
  constructor(onToken) {
    byId("access-form").addEventListener("submit", () => {
      useToken(this.#field.value.trim());
      this.#field.value = "";
      this.#wasGiven = true;
      onToken();
    });
    // without a token there is nothing to see behind it
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
  }

  /** @param {number} status what the server answered: 401 or 403 */
  ask(status) {
    forgetToken();
    const refusal = status === 403 ? text("access_forbidden") : this.#wasGiven ? text("access_wrong") : "";
    write(byId("access-wrong"), refusal);
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
