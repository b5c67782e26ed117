/** The connection, honestly: what it is, until when it waits, and a way to try now. */

import { gettext } from "./words.js";

const WORDS = {
  connected: gettext("Connected"),
  connecting: gettext("Connecting…"),
  waiting: gettext("Reconnecting"),
  offline: gettext("You are offline"),
  closed: gettext("Not connected"),
  finished: gettext("Finished"),
};

export class Connection {
  #client;
  #place = document.getElementById("connection");
  #words = document.getElementById("connection-words");
  #count = document.getElementById("connection-count");
  #reconnect = document.getElementById("reconnect");
  #now = { status: "connecting", retryAt: null };

  constructor(client) {
    this.#client = client;
    client.addEventListener("connection", ({ detail }) => {
      this.#now = detail;
      this.#show();
    });
    addEventListener("online", () => this.#show());
    addEventListener("offline", () => this.#show());
    setInterval(() => this.#now.status === "waiting" && this.#show(), 250);
    this.#reconnect.addEventListener("click", () => this.#client.open());
  }

  #show() {
    const { status, retryAt, code } = this.#now;
    // A socket says that it is open for long after the network has gone: the browser knows better.
    const offline = status !== "closed" && !navigator.onLine;
    // A lesson that is over needs no connection: nothing is wrong.
    const over = status === "closed" && (code === 4410 || code === 1000);
    const shown = offline ? "offline" : over ? "finished" : status;
    this.#place.dataset.status = over ? "closed" : shown;
    this.#place.classList.toggle("over", over);
    if (this.#words.textContent !== WORDS[shown]) this.#words.textContent = WORDS[shown];
    const seconds = retryAt === null ? 0 : Math.ceil((retryAt - Date.now()) / 1000);
    this.#count.textContent = shown === "waiting" && seconds > 0 ? gettext("in %s s").replace("%s", seconds) : "";
    this.#reconnect.hidden = !(shown === "waiting" && seconds > 1);
  }
}
