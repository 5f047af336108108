/** Requests to our own server, with the token of this tab where one was given. */

const TOKEN_KEY = "duls.token";

/** @returns {string | null} */
const token = () => sessionStorage.getItem(TOKEN_KEY);

/** @param {string} value */
export const useToken = (value) => sessionStorage.setItem(TOKEN_KEY, value);

export const forgetToken = () => sessionStorage.removeItem(TOKEN_KEY);

/** @returns {Record<string, string>} */
export function authorization() {
  const value = token();
  return value ? { Authorization: `Bearer ${value}` } : {};
}

/** An answer that is no success; `status` is 0 where no answer came. */
export class RequestError extends Error {
  /** @param {string} path @param {number} status */
  constructor(path, status) {
    super(`${path}: ${status || "no answer"}`);
    this.status = status;
  }
}

/**
 * Fetch a path of this server.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 * @throws {RequestError} no answer, or one that is no success
 */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...authorization(), ...options.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new RequestError(path, 0);
  }
  if (!response.ok) throw new RequestError(path, response.status);
  return response;
}

/**
 * Fetch the JSON of a path of this server.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function requestJson(path, options) {
  return (await request(path, options)).json();
}
