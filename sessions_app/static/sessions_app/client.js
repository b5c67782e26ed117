/**
 * A client of the tutoring protocol `tutor.v1` for browsers. One module, no dependencies.
 *
 *     import { TutorClient } from "https://tutor.example/static/sessions_app/client.js"
 *
 *     const client = new TutorClient({ course: "linear-equations" });
 *     client.addEventListener("event", ({ detail: frame }) => console.log(frame.seq, frame.t, frame.d));
 *     client.addEventListener("output", ({ detail }) => console.log(detail.turn, detail.text));
 *     client.open();
 *     const reply = await client.send("message.send", { text: "x = 4" });
 *
 * It reconnects and resumes by itself: every event comes once and in order, every streamed character once, every
 * command is answered once, whatever happens to the connection or to the server.
 *
 * What it dispatches (`detail` in brackets):
 *   welcome     {session, state, head, d}        the session is known; events up to `head` follow
 *   event       frame {t, sid, seq, at, turn, cause, d}   a durable event, each exactly once
 *   output      {turn, attempt, text, added}     text being written; `text` is all of it so far
 *   resync      {first}                          forget what was shown; the session is told again
 *   live        {head}                           everything there was has been told
 *   connection  {status, retryAt, reason, code}  connecting | connected | waiting | closed
 */

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = "tutor.v1";

/** Close codes after which coming back would not help (protocol §9). */
const FINAL_CODES = new Set([1000, 4400, 4401, 4404, 4410, 4426]);

/** Waiting times in milliseconds; `new TutorClient({pace: {...}})` replaces single ones. */
export const PACE = Object.freeze({
  first: 500, // upper end of the first wait after a lost connection; doubles with each failure
  longest: 15_000, // no wait is longer
  opening: 10_000, // a connection that is not live by then has failed
  silence: 10_000, // after a beat or a command, this much silence means that the connection is dead
  behind: 2_000, // how long `pong.head` may be ahead of us before we resume
  sameIdTries: 8, // how often a command refused with `retry: same_id` is sent before the caller is told
});

/** An `err` reply. It left no trace on the server: the same id may be used again. */
export class CommandError extends Error {
  constructor({ code, message, retry, after_ms, detail }) {
    super(message || "The server refused this.");
    this.name = "CommandError";
    this.code = code;
    this.retry = retry;
    this.afterMs = after_ms ?? null;
    this.detail = detail ?? null;
  }
}

/** The view is closed and will not be opened again; `code` is the WebSocket's close code. */
export class SessionEndedError extends Error {
  constructor(code, reason) {
    super(reason || "The server ended this view.");
    this.name = "SessionEndedError";
    this.code = code;
  }
}

/**
 * What a client has of a session, as a value that frames are applied to; no sockets, no timers.
 *
 * 1. A durable event counts once: its `seq` must be above that of the last one.
 * 2. Streamed text is addressed by (turn, attempt, offset in code points): what overlaps is dropped, what leaves a gap
 *    is not taken, a new attempt begins afresh, and the `output.committed` of that attempt replaces it all. (One
 *    without an attempt was said beside the stream.)
 * 3. `resync` (another log, or a cursor the server cannot serve) empties the view; the server then tells it again.
 */
export class View {
  logId = null;
  /** Of the last durable event applied; 0 for none. */
  seq = 0;
  session = null;
  state = null;
  /** turn → {attempt, text, have}: the text of one attempt, as far as it has come; `have` in code points. */
  streams = new Map();
  #asked = new Set();
  #active = null;

  /** What `hello` sends as `resume`; null for a view that has seen nothing. */
  cursor() {
    if (this.logId === null || this.seq === 0) return null;
    const last = [...this.streams].at(-1);
    const out = last ? { turn: last[0], attempt: last[1].attempt, off: last[1].have } : null;
    return { log_id: this.logId, seq: this.seq, out };
  }

  /** Take a frame in. Returns `{kind, detail}`, or null where it brings nothing new; `kind: "gap"` asks to resume. */
  apply(frame) {
    const d = frame.d ?? {};
    switch (frame.t) {
      case "welcome":
        this.session = d.session;
        this.state = d.state ?? this.state;
        this.logId ??= d.log_id ?? null;
        this.#active = d.active?.turn ?? null;
        return { kind: "welcome", detail: { session: d.session, state: this.state, head: d.head ?? 0, d } };
      case "resync":
        this.logId = d.log_id ?? null;
        this.seq = 0;
        this.state = d.state ?? this.state;
        this.streams.clear();
        this.#asked.clear();
        return { kind: "resync", detail: { first: d.first ?? null } };
      case "live":
        // A stream that is no longer active was committed while we were away, or its buffer is gone.
        for (const turn of [...this.streams.keys()]) if (turn !== this.#active) this.streams.delete(turn);
        return { kind: "live", detail: { head: d.head ?? this.seq } };
      case "output.delta":
        return this.#delta(frame.turn ?? "", d);
      case "output.reset":
        return this.#reset(frame.turn ?? "", d);
    }
    if (typeof frame.seq !== "number" || frame.seq <= this.seq) return null;
    this.seq = frame.seq;
    if (frame.t === "state.changed") this.state = d.to ?? this.state;
    if (frame.t === "session.rewound" || frame.t === "session.restored") this.state = d.state ?? this.state;
    if (frame.t === "turn.started") this.#active = frame.turn;
    if (frame.t === "turn.finished" && this.#active === frame.turn) this.#active = null;
    if (endsStream(frame)) this.streams.delete(frame.turn);
    return { kind: "event", detail: frame };
  }

  #delta(turn, { attempt, off, text }) {
    let stream = this.streams.get(turn);
    if (!stream || stream.attempt < attempt) {
      stream = { attempt, text: "", have: 0 };
      this.streams.delete(turn);
      this.streams.set(turn, stream);
    }
    if (stream.attempt > attempt) return null;
    if (off > stream.have) {
      const key = `${turn} ${attempt}`;
      if (this.#asked.has(key)) return null;
      this.#asked.add(key);
      return { kind: "gap", detail: { turn, attempt } };
    }
    // Offsets count code points; JavaScript counts UTF-16 units.
    const points = Array.from(text).slice(stream.have - off);
    if (points.length === 0) return null;
    const added = points.join("");
    stream.text += added;
    stream.have += points.length;
    return { kind: "output", detail: { turn, attempt, text: stream.text, added } };
  }

  #reset(turn, { attempt }) {
    const stream = this.streams.get(turn);
    if (stream && stream.attempt >= attempt) return null;
    this.streams.set(turn, { attempt, text: "", have: 0 });
    return { kind: "output", detail: { turn, attempt, text: "", added: "" } };
  }
}

/** Whether a turn's streamed text ends with this event. What was only said beside it has no attempt. */
export function endsStream({ t, d }) {
  return t === "turn.finished" || (t === "output.committed" && d.attempt !== null);
}

/** A learner's connection to one session; see the top of this file. */
export class TutorClient extends EventTarget {
  #url;
  #course;
  #readOnly;
  #ticket;
  #pace;
  #store;
  #socket = null;
  #live = false;
  #failures = 0;
  #beat = 20_000;
  #head = 0;
  #fetched = 0;
  /** Frames received so far: whether something was heard since is not a question for a clock. */
  #heard = 0;
  #hello = "";
  #bye = null;
  #end = null;
  /** Timers of the present connection; they end with it. */
  #timers = new Set();
  #retry = null;
  /** id → {command, tries, resolve, reject}; in the order in which they were given. */
  #pending = new Map();

  /**
   * @param {object} options
   * @param {string} [options.url] of the session socket; default: `/ws/session/` of this page's host
   * @param {string} [options.course] slug: starts the learner's session of the course or finds the live one
   * @param {string} [options.session] or the id of a session
   * @param {boolean} [options.readOnly] only look: the server refuses every command that would change something
   * @param {string} [options.ticket] one-time ticket, where there is no login cookie
   * @param {Storage} [options.store] keeps unanswered commands across a reload of the page (e.g. `sessionStorage`)
   * @param {object} [options.pace] see `PACE`
   */
  constructor({ url, course = null, session = null, readOnly = false, ticket = null, store = null, pace = {} }) {
    super();
    if ((course === null) === (session === null)) throw new TypeError("give either a course or a session");
    this.#url = url ?? `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/session/`;
    this.#course = course;
    this.#readOnly = readOnly;
    this.#ticket = ticket;
    this.#store = store;
    this.#pace = { ...PACE, ...pace };
    this.view = new View();
    this.view.session = session;
    globalThis.addEventListener?.("online", this.#nudge);
    globalThis.addEventListener?.("offline", this.#nudge);
    globalThis.addEventListener?.("focus", this.#nudge);
    globalThis.document?.addEventListener("visibilitychange", this.#nudge);
  }

  /** Connect, and stay connected until `close`. */
  open() {
    if (this.#socket || this.#end) return;
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#bye = null;
    this.#tell("connection", { status: "connecting", retryAt: null, reason: "", code: null });
    const socket = new WebSocket(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    socket.onopen = () => this.#sayHello();
    socket.onmessage = ({ data }) => socket === this.#socket && this.#take(data);
    socket.onclose = ({ code, reason }) => socket === this.#socket && this.#closed(code, reason);
    this.#later(this.#pace.opening, () => this.#live || this.#abandon("the server does not answer"));
  }

  /** Leave. The session goes on without this view; unanswered commands are rejected. */
  close() {
    globalThis.removeEventListener?.("online", this.#nudge);
    globalThis.removeEventListener?.("offline", this.#nudge);
    globalThis.removeEventListener?.("focus", this.#nudge);
    globalThis.document?.removeEventListener("visibilitychange", this.#nudge);
    this.#finish(1000, "This client was closed.");
    this.#detach()?.close(1000);
  }

  /**
   * Send a command; resolves with the body of its `ok` (and `cause`), across any number of reconnections.
   * Rejects with `CommandError` for an `err` reply, with `SessionEndedError` where no answer can come any more.
   */
  send(t, d = {}, { id = newId(), expect } = {}) {
    if (this.#end) return Promise.reject(this.#end);
    const command = { t, id, d, ...(expect === undefined ? {} : { expect }) };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { command, tries: 0, resolve, reject });
      this.#save();
      if (this.#live) this.#writeAndListen(command);
    });
  }

  /**
   * Commands an earlier page of this tab did not get an answer to. They belong to one session, so they are taken up
   * only after `welcome` has named the same one: call this from a listener of the first `welcome`, what is not taken
   * up there is dropped. Returns them as `[{command, reply}]`, `reply` being a promise.
   */
  takeUp() {
    const kept = JSON.parse(this.#store?.getItem(this.#key) ?? "null");
    if (!kept || kept.session !== this.view.session) return [];
    return kept.commands
      .filter(({ id }) => !this.#pending.has(id))
      .map((command) => ({ command, reply: this.send(command.t, command.d, command) }));
  }

  /** Commands without an answer yet, oldest first. */
  get unanswered() {
    return [...this.#pending.values()].map(({ command }) => command);
  }

  // --- the connection ------------------------------------------------------------------------------------------

  /** The network has gone or come, or the learner is back: do not wait, and do not trust a socket that may be half open. */
  #nudge = () => {
    if (globalThis.document?.visibilityState === "hidden") return;
    if (this.#retry !== null) this.open();
    else if (this.#live) this.#ping();
  };

  #sayHello() {
    const who = this.view.session ? { session: this.view.session } : { course: this.#course };
    if (this.#readOnly) who.read_only = true;
    if (this.#ticket) who.ticket = this.#ticket;
    this.#hello = newId();
    this.#write({ t: "hello", id: this.#hello, d: { ...who, resume: this.view.cursor() } });
  }

  #take(data) {
    this.#heard += 1;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      console.warn("tutor: a frame could not be read and was ignored");
      return;
    }
    switch (frame.t) {
      case "ok":
        return this.#answered(frame);
      case "err":
        return this.#refused(frame);
      case "pong":
        return this.#ponged(frame);
      case "bye":
        this.#bye = frame.d;
        return;
    }
    const seen = this.view.apply(frame);
    if (seen === null) return;
    if (seen.kind === "gap") return this.#abandon("resuming", 0);
    if (seen.kind === "welcome") {
      this.#beat = (frame.d.beat_s ?? 20) * 1000;
      this.#later(this.#beat, this.#beatOn);
    }
    if (seen.kind === "live") {
      this.#live = true;
      this.#failures = 0;
      this.#tell("connection", { status: "connected", retryAt: null, reason: "", code: null });
    }
    this.#tell(seen.kind, seen.detail);
    // Commands may have been given before the session was known, and to keep them takes its name. Only now, after the
    // listeners: they take up what an earlier page of this tab has kept, and saving replaces that.
    if (seen.kind === "welcome") this.#save();
    if (seen.kind === "live") for (const command of this.unanswered) this.#writeAndListen(command);
  }

  #closed(code, reason) {
    const bye = this.#bye ?? {};
    code = bye.code ?? code;
    reason = bye.reason || reason || "the connection was lost";
    if (!(bye.reconnect ?? !FINAL_CODES.has(code))) {
      this.#detach();
      this.#finish(code, reason);
    } else if (typeof bye.after_ms === "number") {
      this.#failures = 0;
      this.#lost(reason, bye.after_ms * (1 + Math.random() / 2));
    } else {
      this.#lost(reason, code === 4440 ? 0 : undefined);
    }
  }

  /** Leave a socket without waiting for the other side (which may be gone). */
  #abandon(reason, wait) {
    const socket = this.#socket;
    this.#lost(reason, wait);
    socket?.close();
  }

  #lost(reason, wait) {
    this.#detach();
    if (this.#end) return;
    if (wait === undefined) {
      this.#failures += 1;
      const longest = Math.min(this.#pace.longest, this.#pace.first * 2 ** Math.min(this.#failures - 1, 16));
      wait = longest * (0.5 + Math.random() / 2);
    }
    this.#retry = setTimeout(() => this.open(), wait);
    this.#tell("connection", { status: "waiting", retryAt: Date.now() + wait, reason, code: null });
  }

  #detach() {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = null;
    this.#live = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return socket;
  }

  #finish(code, reason) {
    if (this.#end) return;
    this.#end = new SessionEndedError(code, reason);
    clearTimeout(this.#retry);
    this.#retry = null;
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
    if (code !== 1000) this.#save();
    this.#tell("connection", { status: "closed", retryAt: null, reason, code });
  }

  #beatOn = () => {
    this.#ping();
    this.#later(this.#beat, this.#beatOn);
  };

  #ping() {
    this.#writeAndListen({ t: "ping", id: newId(), d: {} });
  }

  /** Every frame of ours is answered: a server that says nothing at all afterwards is not there any more. */
  #writeAndListen(frame) {
    const heard = this.#heard;
    this.#write(frame);
    this.#later(this.#pace.silence, () => this.#heard === heard && this.#abandon("the server has gone silent"));
  }

  /** A head above ours means a lost push, unless it is just under way: give it a moment, then resume. */
  #ponged({ d }) {
    this.#head = d.head ?? 0;
    const isBehind = () => this.#head > Math.max(this.view.seq, this.#fetched);
    if (!isBehind()) return;
    this.#later(this.#pace.behind, () => {
      if (!isBehind()) return;
      // Once per head: should the server count what we cannot see, we must not resume for ever.
      this.#fetched = this.#head;
      this.#abandon("fetching what was missed", 0);
    });
  }

  // --- answers -------------------------------------------------------------------------------------------------

  #answered({ cause, d }) {
    const pending = this.#pending.get(cause);
    if (!pending) return;
    this.#pending.delete(cause);
    this.#save();
    pending.resolve({ ...d, cause });
  }

  #refused({ cause, d }) {
    if (cause === this.#hello) {
      if (d.retry === "never") {
        this.#detach()?.close();
        this.#finish(d.code === "not_found" || d.code === "forbidden" ? 4404 : 4400, d.message);
      } else {
        this.#abandon(d.message, d.after_ms);
      }
      return;
    }
    const pending = this.#pending.get(cause);
    if (!pending) return console.warn("tutor: the server refused something:", d.code, d.message);
    pending.tries += 1;
    if (d.retry === "same_id" && pending.tries < this.#pace.sameIdTries) {
      const wait = d.after_ms ?? this.#pace.first * 2 ** (pending.tries - 1);
      this.#later(wait * (1 + Math.random() / 2), () => this.#pending.has(cause) && this.#writeAndListen(pending.command));
      return;
    }
    this.#pending.delete(cause);
    this.#save();
    pending.reject(new CommandError(d));
  }

  // --- small things --------------------------------------------------------------------------------------------

  get #key() {
    return storeKey(this.#course ?? this.view.session);
  }

  #save() {
    if (!this.#store || !this.view.session) return;
    const commands = this.unanswered;
    if (commands.length === 0) this.#store.removeItem(this.#key);
    else this.#store.setItem(this.#key, JSON.stringify({ session: this.view.session, commands }));
  }

  #write(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #later(wait, then) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, wait);
    this.#timers.add(timer);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const storeKey = (name) => `tutor.unanswered.${name}`;

/** Leave commands (`[{t, id, d}]`) in a store for a client of this session, on another page say, to take up. */
export function leaveFor(store, session, commands) {
  store.setItem(storeKey(session), JSON.stringify({ session, commands }));
}

/** A new id for a command: unique, and there also where `crypto.randomUUID` is not (plain http). */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
