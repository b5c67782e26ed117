/** The HTTP side of the protocol, as the pages use it: with the login cookie and its CSRF token. */

import { CommandError, newId } from "./client.js";
import { gettext } from "./words.js";

const headers = () => ({ "X-CSRFToken": document.body.dataset.csrf, Accept: "application/json" });

/** Send JSON; resolves with the answer's JSON. Rejects with `CommandError`; code `unreachable` where nobody answered. */
export async function post(path, body) {
  const sent = { method: "POST", headers: { ...headers(), "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, sent).catch(() => null);
  if (answer === null) throw unreachable();
  return read(answer.ok, await answer.text());
}

/** What stands at an address, as JSON. Rejects as `post` does. */
export async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer === null) throw unreachable();
  return read(answer.ok, await answer.text());
}

/** A command of a session over HTTP. Resolves with the body of its `ok`. */
export async function command(session, t, d = {}) {
  return (await post(`/api/sessions/${session}/commands`, { t, id: newId(), d })).d;
}

/**
 * Upload a file. `onProgress(sent, all)` in bytes. The id makes sending it again harmless. Returns `{reply, abort}`:
 * `reply` resolves with `{file, name, size, status, duplicate, seq}`.
 */
export function upload(session, file, id, onProgress) {
  const request = new XMLHttpRequest();
  const reply = new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded, total));
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    request.addEventListener("load", () => {
      try {
        resolve(read(request.status < 300, request.responseText));
      } catch (error) {
        reject(error);
      }
    });
  });
  const form = new FormData();
  form.append("id", id);
  form.append("file", file);
  request.open("POST", `/api/sessions/${session}/files`);
  for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
  request.send(form);
  return { reply, abort: () => request.abort() };
}

function read(ok, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw unreachable();
  }
  if (!ok) throw new CommandError(body.d ?? { code: "internal", message: "", retry: "later" });
  return body;
}

const unreachable = () =>
  new CommandError({ code: "unreachable", message: gettext("The server could not be reached."), retry: "same_id" });
