/** The lesson page: brings the client, the conversation and the controls together. */

import { CommandError, SessionEndedError, TutorClient, endsStream, newId } from "./client.js";
import { Progress } from "./progress.js";
import { Transcript, element, icon } from "./transcript.js";

const $ = (id) => document.getElementById(id);
const page = { box: $("text"), send: $("send"), actions: $("actions"), notice: $("notice"), scroller: $("scroller") };

/** What the tutor is doing, by the tool that runs. */
const DOING = {
  check_answer: "Checking your answer…",
  check_explanation: "Reading your explanation…",
  clarify_concept: "Looking for a good explanation…",
  give_hint: "Thinking of a hint…",
  generate_variant: "Making up a question…",
};

/** name → [words, icon, command, words on a narrow screen] of every button. */
const ACTIONS = {
  continue: ["Continue", "arrow", "continue"],
  hint: ["Hint", "bulb", "hint.request"],
  know: ["I know this", "skip", "question.skip"],
  skip: ["Leave for later", "skip", "question.skip", "Later"],
  give_up: ["Show the solution", "key", "question.give_up", "Solution"],
  dispute: ["Mine is right", "hand", "answer.dispute"],
  resume: ["Go on", "arrow", "session.resume"],
  retry: ["Try again", "again", "session.resume"],
  stop: ["Stop", "stop", "turn.cancel"],
};

/** state → {actions, primary, label}: what the learner can do there. */
const STATES = {
  created: { actions: [], label: "Your message" },
  exposition: { actions: ["continue", "hint", "know"], primary: "continue", label: "Ask about this" },
  setting_question: { actions: [], label: "Your message" },
  awaiting_answer: { actions: ["hint", "skip", "give_up", "dispute"], label: "Your answer" },
  awaiting_tool_result: { actions: null, label: null },
  remediating_known_error: { actions: ["skip", "give_up"], label: "Your answer" },
  reviewing_solution: { actions: ["continue"], primary: "continue", label: "Say in your own words why it works" },
  topic_complete: { actions: ["continue"], primary: "continue", label: "Ask about this topic" },
  paused: { actions: ["resume"], primary: "resume", label: "Write to go on" },
  error_state: { actions: ["retry"], primary: "retry", label: "Your message" },
  completed: { actions: [], label: "Ask about this course" },
};
const PAUSABLE = new Set(["exposition", "awaiting_answer", "remediating_known_error", "reviewing_solution", "topic_complete"]);

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const course = $("lesson").dataset.course;
const draftKey = `tutor.draft.${course}`;
const client = new TutorClient({ course, store: sessionStorage });
const transcript = new Transcript($("transcript"), answer);
const progress = new Progress($("path"), $("path-summary"));

/** Turns that run, and the tool calls in them: what the tutor is doing. */
const running = { turn: null, calls: new Map() };
/** The command that is on its way from the box; its text stays there until it is accepted. */
let boxCommand = null;
let wrongAnswer = false;
let lastSaid = null;
let waiting = 0;

// --- talking to the server -------------------------------------------------------------------------------------

/** Send a command and show what becomes of it. Returns whether it was accepted. */
async function give(t, d, id = newId()) {
  waiting += 1;
  showActions();
  try {
    await client.send(t, d, { id });
    notify(null);
    return true;
  } catch (error) {
    if (error instanceof CommandError) notify(inPlainWords(error));
    else if (!(error instanceof SessionEndedError)) throw error;
    return false;
  } finally {
    waiting -= 1;
    showActions();
  }
}

function inPlainWords(error) {
  if (error.code === "invalid_transition" && error.message) return error.message;
  if (error.code === "rate_limited") return "That was a bit fast. Please wait a moment and try again.";
  return error.message || "That did not work. Please try again.";
}

async function say() {
  const text = page.box.value.trim();
  if (!text || boxCommand !== null) return;
  const id = newId();
  hold(id);
  transcript.showSending(id, text);
  toEnd();
  const accepted = await give("message.send", { text }, id);
  if (!accepted) {
    transcript.withdraw(id);
    release(id, false);
  }
}

async function answer(question, value) {
  const id = newId();
  transcript.showSending(id, transcript.inWords(value));
  toEnd();
  if (!(await give("answer.submit", { question, value }, id))) transcript.withdraw(id);
}

/** The text stays in the box, greyed, while it is on its way. */
function hold(id) {
  boxCommand = id;
  page.box.readOnly = true;
  page.send.setAttribute("aria-disabled", "true");
}

function release(id, accepted) {
  if (boxCommand !== id) return;
  boxCommand = null;
  page.box.readOnly = false;
  page.send.removeAttribute("aria-disabled");
  if (accepted) page.box.value = "";
  keepDraft();
  fit();
}

// --- what comes from the server --------------------------------------------------------------------------------

client.addEventListener("welcome", ({ detail }) => {
  for (const { command, reply } of client.takeUp()) {
    // Sent by this tab before it was reloaded; the answer had not come.
    if (command.t === "message.send") {
      transcript.showSending(command.id, command.d.text);
      if (page.box.value.trim() === command.d.text) hold(command.id);
      reply.catch(() => (transcript.withdraw(command.id), release(command.id, false)));
    } else {
      reply.catch(() => {});
    }
  }
  const active = detail.d.active;
  running.turn = active?.turn ?? null;
  if (!active) running.calls.clear();
});

client.addEventListener("resync", () => {
  transcript.clear();
  progress.clear();
  running.turn = null;
  running.calls.clear();
  stream(null);
});

client.addEventListener("event", ({ detail: frame }) => {
  const { t, d, turn, cause } = frame;
  if (endsStream(frame)) stream(null, turn);
  transcript.add(frame);
  progress.add(frame);
  switch (t) {
    case "message.accepted":
      lastSaid = { cause, text: d.text };
      release(cause, true);
      break;
    case "question.asked":
      wrongAnswer = false;
      break;
    case "answer.checked":
      wrongAnswer = ["wrong", "known_error", "partial", "form_issue"].includes(d.verdict);
      break;
    case "turn.started":
      running.turn = turn;
      break;
    case "turn.finished":
      if (running.turn === turn) running.turn = null;
      giveBack(d.outcome, cause);
      break;
    case "tool.requested":
      running.calls.set(d.call, d.name);
      break;
    default:
      if (/^tool\.(finished|failed|timed_out|cancelled)$/.test(t)) running.calls.delete(d.call);
  }
  showDoing();
  showActions();
  follow();
});

client.addEventListener("output", ({ detail }) => {
  stream(detail.text, detail.turn);
  showDoing();
  follow();
});

client.addEventListener("live", () => {
  showDoing();
  showActions();
  if ($("transcript").getAttribute("aria-live") === "off") {
    // From now on new lines are read out; the history just told was not.
    requestAnimationFrame(() => $("transcript").setAttribute("aria-live", "polite"));
    toEnd();
    if (document.activeElement === document.body) resting().focus({ preventScroll: true });
  }
});

/** Where the tutor failed, the learner does not have to type again. */
function giveBack(outcome, cause) {
  const lost = outcome === "failed" || outcome === "timed_out";
  if (lost && cause !== null && lastSaid?.cause === cause && boxCommand === null && page.box.value === "") {
    page.box.value = lastSaid.text ?? "";
    keepDraft();
    fit();
  }
}

let streamTurn = null;

function stream(text, turn = null) {
  const place = $("streaming");
  if (text === null && turn !== null && turn !== streamTurn) return;
  streamTurn = text === null ? null : turn;
  place.hidden = !text;
  place.textContent = text ?? "";
}

function showDoing() {
  const tool = [...running.calls.values()].at(-1);
  const words = tool ? (DOING[tool] ?? "Working on it…") : running.turn && !streamTurn ? "Thinking…" : "";
  const place = $("activity");
  if (place.textContent === words) return;
  place.textContent = words;
}

// --- controls --------------------------------------------------------------------------------------------------

let shownActions = "";

function showActions() {
  const state = client.view.state;
  const known = STATES[state] ?? { actions: [], label: "Your message" };
  const busy = state === "awaiting_tool_result" || waiting > 0;
  $("pause").hidden = !PAUSABLE.has(state);
  if (known.label !== null) {
    $("text-label").textContent = known.label;
    page.box.placeholder = known.label === "Your answer" ? "Type your answer, or ask" : `${known.label}…`;
  }
  // While an answer is checked the buttons stay where they are: it takes a moment, and moving targets are hard to hit.
  if (known.actions !== null) {
    const names = known.actions.filter((name) => name !== "dispute" || wrongAnswer);
    const key = `${names} ${known.primary}`;
    if (key !== shownActions) rebuildActions(names, known.primary);
    shownActions = key;
  }
  $("actions").classList.toggle("busy", busy);
  for (const button of page.actions.children) button.setAttribute("aria-disabled", String(busy));
  for (const button of document.querySelectorAll(".choose button")) button.setAttribute("aria-disabled", String(busy));
  setStop(state === "awaiting_tool_result");
  if (state === "completed") offerAnotherRound();
}

function rebuildActions(names, primary) {
  const hadFocus = page.actions.contains(document.activeElement) ? document.activeElement.dataset.action : null;
  page.actions.replaceChildren(...names.map((name) => makeAction(name, name === primary)));
  if (hadFocus) (page.actions.querySelector(`[data-action="${hadFocus}"]`) ?? resting()).focus();
}

function makeAction(name, primary = false) {
  const [words, picture, command, short = words] = ACTIONS[name];
  const label = [element("span", "long", words), element("span", "short", short)];
  const button = element("button", primary ? "button primary" : "button", icon(picture), ...label);
  button.type = "button";
  button.setAttribute("aria-label", words);
  button.dataset.action = name;
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") give(command, {});
  });
  return button;
}

/** Where the focus goes when its place is gone; on a phone not into the box, which would bring up the keyboard. */
const resting = () => (matchMedia("(pointer: fine)").matches ? page.box : page.scroller);

/** A check takes a moment; only what takes longer can be stopped. */
let stopTimer = null;

function setStop(wanted) {
  if (!wanted) {
    clearTimeout(stopTimer);
    stopTimer = null;
    const stop = page.actions.querySelector('[data-action="stop"]');
    if (stop?.contains(document.activeElement)) resting().focus();
    stop?.remove();
  } else if (stopTimer === null) {
    stopTimer = setTimeout(() => page.actions.append(makeAction("stop")), 1500);
  }
}

function offerAnotherRound() {
  if (page.actions.querySelector("a")) return;
  const again = element("a", "button primary", icon("again"), "Once more from the start");
  again.href = location.pathname;
  const home = element("a", "button", "All courses");
  home.href = "/";
  page.actions.replaceChildren(again, home);
}

function notify(words) {
  page.notice.hidden = !words;
  page.notice.textContent = words ?? "";
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  say();
});

page.box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  say();
});

page.box.addEventListener("input", () => {
  notify(null);
  keepDraft();
  fit();
});

$("pause").addEventListener("click", async () => {
  await give("session.pause", {});
  resting().focus();
});

function keepDraft() {
  if (page.box.value) sessionStorage.setItem(draftKey, page.box.value);
  else sessionStorage.removeItem(draftKey);
}

/** The box grows with its text, up to what the style sheet allows. */
function fit() {
  page.box.style.height = "auto";
  page.box.style.height = `${page.box.scrollHeight}px`;
}

// --- scrolling -------------------------------------------------------------------------------------------------

/** Whether new lines are scrolled to: until the learner scrolls back to read, and again from the end on. */
let following = true;
let lastTop = 0;

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = page.scroller;
  return scrollHeight - scrollTop - clientHeight < 80;
}

function follow() {
  if (!following) {
    $("newer").hidden = isAtEnd();
    return;
  }
  const live = $("transcript").getAttribute("aria-live") !== "off";
  page.scroller.scrollTo({ top: page.scroller.scrollHeight, behavior: live && !calm.matches ? "smooth" : "instant" });
  $("newer").hidden = true;
}

function toEnd() {
  following = true;
  follow();
}

page.scroller.addEventListener("scroll", () => {
  // Our own scrolling only goes down, and may be under way when the next line comes: only going up is the learner's.
  if (isAtEnd()) following = true;
  else if (page.scroller.scrollTop < lastTop) following = false;
  lastTop = page.scroller.scrollTop;
  if (following) $("newer").hidden = true;
});
// The keyboard of a phone, a longer text in the box, other buttons: all take room from the conversation.
new ResizeObserver(follow).observe(page.scroller);
$("newer").addEventListener("click", () => {
  toEnd();
  resting().focus();
});

// --- the connection, honestly ----------------------------------------------------------------------------------

let connection = { status: "connecting", retryAt: null };

client.addEventListener("connection", ({ detail }) => {
  connection = detail;
  showConnection();
  if (detail.status === "closed" && detail.code !== 1000) showEnd(detail);
});
addEventListener("online", showConnection);
addEventListener("offline", showConnection);
setInterval(() => connection.status === "waiting" && showConnection(), 250);
$("reconnect").addEventListener("click", () => client.open());

function showConnection() {
  const { status, retryAt } = connection;
  const offline = status !== "connected" && status !== "closed" && !navigator.onLine;
  const shown = offline ? "offline" : status;
  const words = {
    connected: "Connected",
    connecting: "Connecting…",
    waiting: "Reconnecting",
    offline: "You are offline",
    closed: "Not connected",
  }[shown];
  $("connection").dataset.status = shown;
  if ($("connection-words").textContent !== words) $("connection-words").textContent = words;
  const seconds = retryAt === null ? 0 : Math.ceil((retryAt - Date.now()) / 1000);
  $("connection-count").textContent = shown === "waiting" && seconds > 0 ? `in ${seconds} s` : "";
  $("reconnect").hidden = !(shown === "waiting" && seconds > 1);
}

/** The server closed this view for good: say why, and where to go from here. */
function showEnd({ code, reason }) {
  const words = {
    4401: "You are not signed in any more.",
    4404: "This lesson is not there any more, or it is not yours.",
    4410: "This lesson is over.",
    4426: "This page is older than the server. Please reload it.",
  }[code];
  const line = element("p", "", words ?? reason);
  const again = element("a", "button primary", icon("again"), code === 4426 ? "Reload" : "Open the lesson anew");
  again.href = location.pathname;
  const home = element("a", "button", "All courses");
  home.href = "/";
  page.actions.replaceChildren(again, home);
  shownActions = "";
  notify(line.textContent);
  $("composer").hidden = true;
  $("activity").textContent = "";
}

// --- begin -----------------------------------------------------------------------------------------------------

const narrow = matchMedia("(max-width: 60rem)");
const fold = () => ($("path").open = !narrow.matches);
narrow.addEventListener("change", fold);
fold();
page.box.value = sessionStorage.getItem(draftKey) ?? "";
fit();
showActions();
client.open();
