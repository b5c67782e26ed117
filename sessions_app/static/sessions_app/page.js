/** The lesson page: brings the client, the conversation and the controls together. */

import { Activity } from "./activity.js";
import { CommandError, SessionEndedError, TutorClient, endsStream, leaveFor, newId } from "./client.js";
import { Connection } from "./connection.js";
import { Editing } from "./editing.js";
import { button, element, icon } from "./element.js";
import { Files, acceptDrops } from "./files.js";
import { Estimates } from "./estimates.js";
import { Following } from "./following.js";
import { Progress } from "./progress.js";
import { Queue } from "./queue.js";
import { Record } from "./record.js";
import { inPlainWords } from "./refusals.js";
import { command as commandOverHttp, get } from "./server.js";
import { Shortcuts } from "./shortcuts.js";
import { Streaming } from "./streaming.js";
import { Transcript } from "./transcript.js";
import { day, filled, gettext, ngettext } from "./words.js";

const $ = (id) => document.getElementById(id);
const page = { box: $("text"), send: $("send"), actions: $("actions"), notice: $("notice"), scroller: $("scroller") };
/** Lines that one click on "earlier" fetches. */
const EARLIER = 300;
/** What is believed is asked for again once it is quiet for so long, in milliseconds. */
const QUIET_MS = 400;
/** Events after which it may be another. */
const BELIEVED = new Set(["answer.checked", "mastery.changed", "estimate.contested"]);
/** A check takes a moment; only what takes longer, in milliseconds, can be stopped. */
const STOP_AFTER = 1500;

/** name → [words, icon, command, words on a narrow screen, key of its shortcut] of every button. */
const ACTIONS = {
  continue: [gettext("Continue"), "arrow", "continue", null, "KeyC"],
  hint: [gettext("Hint"), "bulb", "hint.request", null, "KeyH"],
  know: [gettext("I know this"), "skip", "question.skip"],
  skip: [gettext("Leave for later"), "skip", "question.skip", gettext("Later"), "KeyL"],
  give_up: [gettext("Show the solution"), "key", "question.give_up", gettext("Solution"), "KeyS"],
  dispute: [gettext("Mine is right"), "hand", "answer.dispute", null, "KeyM"],
  resume: [gettext("Go on"), "arrow", "session.resume"],
  retry: [gettext("Try again"), "again", "session.resume"],
  stop: [gettext("Stop"), "stop", "turn.cancel", null, "KeyX"],
};

/** state → {actions, primary, label, hint}: what the learner can do there, and what the box is for. */
const MESSAGE = { actions: [], label: gettext("Your message"), hint: gettext("Your message…") };
const ANSWER = { label: gettext("Your answer"), hint: gettext("Type your answer, or ask") };
const STATES = {
  created: MESSAGE,
  exposition: {
    actions: ["continue", "hint", "know"],
    primary: "continue",
    label: gettext("Ask about this"),
    hint: gettext("Ask about this…"),
  },
  setting_question: MESSAGE,
  awaiting_answer: { actions: ["hint", "skip", "give_up", "dispute"], ...ANSWER },
  awaiting_tool_result: { actions: null, label: null },
  remediating_known_error: { actions: ["skip", "give_up"], ...ANSWER },
  reviewing_solution: {
    actions: ["continue"],
    primary: "continue",
    label: gettext("Say in your own words why it works"),
    hint: gettext("Say in your own words why it works…"),
  },
  topic_complete: {
    actions: ["continue"],
    primary: "continue",
    label: gettext("Ask about this topic"),
    hint: gettext("Ask about this topic…"),
  },
  paused: { actions: ["resume"], primary: "resume", label: gettext("Write to go on"), hint: gettext("Write to go on…") },
  error_state: { ...MESSAGE, actions: ["retry"], primary: "retry" },
  completed: { actions: [], label: gettext("Ask about this course"), hint: gettext("Ask about this course…") },
};
const PAUSABLE = new Set(["exposition", "awaiting_answer", "remediating_known_error", "reviewing_solution", "topic_complete"]);

const { course = null, session = null, branch } = $("lesson").dataset;
const draftKey = `tutor.draft.${course ?? session}`;
const client = new TutorClient(session ? { session, store: sessionStorage } : { course, store: sessionStorage });
const record = new Record();
const transcript = new Transcript($("transcript"), { answer, edit, retry, undo });
const queue = new Queue($("waiting"), $("queue"), (command) => give("queue.remove", { command }));
const progress = new Progress($("path"), $("path-summary"), $("reason"), $("reason-words"));
const estimates = new Estimates($("estimate"), $("path"), {
  contest: (claim) => give("progress.contest", claim),
  opened: () => stale && ask(),
});
const streaming = new Streaming($("streaming"));
const activity = new Activity($("activity"));
const following = new Following(page.scroller, $("newer"), () => resting().focus());
const editing = new Editing(goBack, leaveEditing);
const files = new Files(
  { uploads: $("uploads"), shelf: $("files"), none: $("no-files") },
  () => client.view.session,
  (line) => {
    transcript.append(line);
    following.follow();
  },
);

/** What is believed of the learner, as the server told last; null: not known yet. */
let stand = null;
/** It may be another by now. */
let stale = true;
let asking = null;
/** The command that is on its way from the box; its text stays there until it is accepted. */
let boxCommand = null;
let draftBeforeEditing = "";
let wrongAnswer = false;
let lastSaid = null;
let waiting = 0;
/** What becomes of a message that comes while the tutor is at work, where nobody says otherwise. */
let policy = "reject";

// --- talking to the server -------------------------------------------------------------------------------------

/** Send a command and show what becomes of it. Returns its reply, or null where it was not accepted. */
async function give(t, d, id = newId()) {
  waiting += 1;
  showActions();
  try {
    const reply = await client.send(t, d, { id });
    notify(null);
    return reply;
  } catch (error) {
    if (error instanceof CommandError) notify(inPlainWords(error));
    else if (!(error instanceof SessionEndedError)) throw error;
    return null;
  } finally {
    waiting -= 1;
    showActions();
  }
}

/** A page can show what waits, so what nobody decided otherwise waits instead of being turned away. */
const busyRule = () => (policy === "reject" ? { on_busy: "queue" } : {});

async function say() {
  const text = page.box.value.trim();
  if (boxCommand !== null) return;
  if (editing.now !== null) return sayInstead(text);
  if (!text) return;
  const id = newId();
  hold(id);
  transcript.showSending(id, text);
  following.toEnd();
  if ((await give("message.send", { text, ...busyRule() }, id)) === null) {
    transcript.withdraw(id);
    release(id, false);
  }
}

async function answer(question, value) {
  const id = newId();
  transcript.showSending(id, transcript.inWords(value));
  following.toEnd();
  if ((await give("answer.submit", { question, value, ...busyRule() }, id)) === null) transcript.withdraw(id);
}

function retry(turn) {
  // What was given back to the box is what is tried again.
  if (page.box.value === lastSaid?.text) clearBox();
  give("turn.retry", { turn });
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
  if (accepted) clearBox();
}

function clearBox(text = "") {
  page.box.value = text;
  keepDraft();
  fit();
}

// --- going back to an earlier line -----------------------------------------------------------------------------

function edit(frame, text) {
  const seq = record.before(frame);
  if (seq === null) return notify(gettext("There is nothing before this line to go back to."));
  if (editing.now === null) draftBeforeEditing = page.box.value;
  editing.begin(seq, text === null);
  clearBox(text ?? "");
  page.box.focus();
  notify(null);
}

function leaveEditing() {
  clearBox(draftBeforeEditing);
  page.box.focus();
}

async function sayInstead(text) {
  const { seq, isChoice } = editing.now;
  if (!text && !isChoice) return;
  const said = text ? [{ t: "message.send", id: newId(), d: { text } }] : [];
  hold(said[0]?.id ?? newId());
  const branch = editing.inBranch;
  const reply = await give(branch ? "session.fork" : "session.rewind", { seq });
  release(boxCommand, false);
  if (reply === null) return;
  draftBeforeEditing = "";
  editing.end();
  if (branch) {
    leaveFor(sessionStorage, reply.session, said);
    location.assign(`/sessions/${reply.session}/`);
  } else if (text) {
    page.box.value = text;
    await say();
  }
}

function goBack() {
  sayInstead("");
}

async function undo(frame) {
  const seq = record.before(frame);
  if (seq !== null) await give("session.rewind", { seq });
}

// --- what comes from the server --------------------------------------------------------------------------------

client.addEventListener("welcome", ({ detail: { d } }) => {
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
  policy = d.policy ?? policy;
  activity.begin(d.active?.turn ?? null);
  queue.begin(d.queue ?? []);
});

client.addEventListener("resync", () => {
  record.clear();
  forget();
});

function forget() {
  transcript.clear();
  progress.clear();
  queue.clear();
  files.clear();
  streaming.clear();
  activity.begin(null);
  wrongAnswer = false;
}

client.addEventListener("event", ({ detail: frame }) => {
  if (endsStream(frame)) streaming.clear(frame.turn);
  if (record.add(frame)) tellAnew();
  else show(frame);
  if (frame.t === "turn.finished") giveBack(frame.d.outcome, frame.cause);
  settle();
});

/** Something was taken back: what stands is told again, quietly, as a new history. */
function tellAnew() {
  const log = $("transcript");
  const live = log.getAttribute("aria-live");
  log.setAttribute("aria-live", "off");
  forget();
  for (const frame of record.standing()) show(frame);
  if (stand !== null) ask();
  requestAnimationFrame(() => log.setAttribute("aria-live", live));
}

function show(frame) {
  const { t, d, cause } = frame;
  const shown = queue.take(frame);
  if (shown.length === 0) {
    // It waits, above the box.
    transcript.withdraw(cause);
    release(cause, true);
  }
  for (const one of shown) transcript.add(one);
  progress.add(frame);
  stale ||= BELIEVED.has(t);
  files.add(frame);
  activity.add(frame);
  if (t === "message.accepted") {
    lastSaid = { cause, text: d.text };
    release(cause, true);
  } else if (t === "question.asked") wrongAnswer = false;
  else if (t === "answer.checked") wrongAnswer = ["wrong", "known_error", "partial", "form_issue"].includes(d.verdict);
  else if (t === "policy.changed") policy = d.on_busy;
}

function settle() {
  if (stale && (estimates.isOpen || client.view.state === "completed")) askSoon();
  activity.show(streaming.turn !== null);
  showActions();
  following.follow();
}

client.addEventListener("output", ({ detail }) => {
  if (detail.text) streaming.show(detail.turn, detail.text);
  else streaming.clear(detail.turn);
  activity.show(streaming.turn !== null);
  following.follow();
});

client.addEventListener("live", () => {
  settle();
  ask();
  $("earlier").hidden = !mayBeEarlier();
  if ($("transcript").getAttribute("aria-live") === "off") {
    // From now on new lines are read out; the history just told was not.
    requestAnimationFrame(() => $("transcript").setAttribute("aria-live", "polite"));
    following.toEnd();
    following.instant = false;
    if (document.activeElement === document.body) resting().focus({ preventScroll: true });
  }
});

/** Where the tutor failed, the learner does not have to type again. */
function giveBack(outcome, cause) {
  const lost = outcome === "failed" || outcome === "timed_out";
  if (lost && cause !== null && lastSaid?.cause === cause && boxCommand === null && page.box.value === "") {
    clearBox(lastSaid.text ?? "");
  }
}

// --- what is believed of the learner ---------------------------------------------------------------------------

/** Most of it is told by events; the rest is asked for where it is shown, and then once it is quiet. */
function askSoon() {
  clearTimeout(asking);
  asking = setTimeout(ask, QUIET_MS);
}

async function ask() {
  clearTimeout(asking);
  const told = await get(`/api/sessions/${client.view.session}`).catch(() => null);
  if (!told?.progress?.skills) return;
  // Read before an event that is here already: that event is newer.
  if (told.head < client.view.seq) return askSoon();
  stand = told.progress;
  stale = false;
  progress.believe(stand);
  estimates.believe(stand);
  showActions();
}

// --- earlier lines ---------------------------------------------------------------------------------------------

let replayed = 1000;
let noEarlier = false;
client.addEventListener("welcome", ({ detail: { d } }) => (replayed = d.limits?.replay ?? replayed));

const mayBeEarlier = () => !noEarlier && record.length >= replayed;

$("earlier").addEventListener("click", async () => {
  try {
    const { events, more } = await commandOverHttp(client.view.session, "history.get", { before: record.first, limit: EARLIER });
    record.addEarlier(events);
    noEarlier = !more;
    following.keepingPlace(tellAnew);
    settle();
    $("earlier").hidden = noEarlier;
  } catch (error) {
    notify(inPlainWords(error));
  }
});

// --- controls --------------------------------------------------------------------------------------------------

let shownActions = "";

function showActions() {
  // What is offered at the end stands.
  if (document.body.classList.contains("over")) return;
  const state = client.view.state;
  const known = STATES[state] ?? MESSAGE;
  const busy = state === "awaiting_tool_result" || waiting > 0;
  $("pause").hidden = !PAUSABLE.has(state);
  if (known.label !== null) {
    $("text-label").textContent = known.label;
    page.box.placeholder = known.hint;
  }
  // While an answer is checked the buttons stay where they are: it takes a moment, and moving targets are hard to hit.
  if (known.actions !== null) {
    const names = known.actions.filter((name) => name !== "dispute" || wrongAnswer);
    const key = `${names} ${known.primary}`;
    if (key !== shownActions) rebuildActions(names, known.primary);
    shownActions = key;
  }
  page.actions.classList.toggle("busy", busy);
  for (const one of page.actions.querySelectorAll(".button")) one.setAttribute("aria-disabled", String(busy && one.dataset.action !== "stop"));
  for (const one of document.querySelectorAll(".choose button")) one.setAttribute("aria-disabled", String(busy));
  setStop(state === "awaiting_tool_result");
  if (state === "completed") offerAnotherRound();
}

function rebuildActions(names, primary) {
  const hadFocus = page.actions.contains(document.activeElement) ? document.activeElement.dataset.action : null;
  page.actions.replaceChildren(...names.map((name) => makeAction(name, name === primary)));
  delete page.actions.dataset.offer;
  if (hadFocus) (page.actions.querySelector(`[data-action="${hadFocus}"]`) ?? resting()).focus();
}

function makeAction(name, primary = false) {
  const [words, picture, command, short, key] = ACTIONS[name];
  const label = [element("span", "long", words), element("span", "short", short ?? words)];
  const made = button(primary ? "button primary" : "button", () => give(command, {}), icon(picture), ...label);
  made.setAttribute("aria-label", words);
  if (key) {
    made.setAttribute("aria-keyshortcuts", `Alt+Shift+${key.replace("Key", "")}`);
    made.title = filled(gettext("%(words)s (Alt + Shift + %(key)s)"), { words, key: key.replace("Key", "") });
  }
  made.dataset.action = name;
  return made;
}

/** Where the focus goes when its place is gone; on a phone not into the box, which would bring up the keyboard. */
const resting = () => (matchMedia("(pointer: fine)").matches ? page.box : page.scroller);

let stopTimer = null;

function setStop(wanted) {
  if (!wanted) {
    clearTimeout(stopTimer);
    stopTimer = null;
    const stop = page.actions.querySelector('[data-action="stop"]');
    if (stop?.contains(document.activeElement)) resting().focus();
    stop?.remove();
  } else if (stopTimer === null) {
    stopTimer = setTimeout(() => page.actions.append(makeAction("stop")), STOP_AFTER);
  }
}

/** The course is over: its review, when that is due, another round of what is not mastered, and the other courses. */
function offerAnotherRound() {
  const { due = 0, mastered = 0, taught = 0, next_review = null, skills = [] } = stand ?? {};
  const key = [due, mastered, taught, next_review, skills.length].join();
  if (page.actions.dataset.offer === key) return;
  const reviewable = skills.length > 0 && branch === undefined;
  const offers = [homeLink()];
  // Where all is mastered, whatever is begun is a review.
  if (course && !(reviewable && mastered === taught)) {
    offers.unshift(link(due ? "button" : "button primary", location.pathname, icon("arrow"), gettext("Once more from the start")));
  }
  const hadFocus = page.actions.contains(document.activeElement);
  page.actions.replaceChildren(...offers);
  page.actions.dataset.offer = key;
  if (reviewable) offerReview(stand);
  if (hadFocus) page.actions.firstElementChild.focus();
}

function offerReview({ due, next_review }) {
  // One thing is offered first.
  if (due) page.actions.querySelector(".primary")?.classList.remove("primary");
  page.actions.prepend(button(due ? "button primary" : "button", review, icon("again"), gettext("Review")));
  const words = dueWords(due, next_review);
  if (words) page.actions.append(element("p", "quiet", words));
}

function dueWords(due, next) {
  if (due) return filled(ngettext("%(count)s skill is due for review.", "%(count)s skills are due for review.", due), { count: due });
  return next ? filled(gettext("Next review: %(day)s."), { day: day(next) }) : "";
}

/** Over HTTP, because this lesson ends with it, and its socket too. */
async function review(pressed) {
  waiting += 1;
  showActions();
  pressed.setAttribute("aria-disabled", "true");
  try {
    const { session: next } = await commandOverHttp(client.view.session, "session.review");
    location.assign(`/sessions/${next}/`);
  } catch (error) {
    notify(inPlainWords(error));
    waiting -= 1;
    pressed.removeAttribute("aria-disabled");
    showActions();
  }
}

function link(className, href, ...children) {
  const made = element("a", className, ...children);
  made.href = href;
  return made;
}

const homeLink = () => link("button", "/", gettext("All courses"));

function notify(words) {
  page.notice.hidden = !words;
  page.notice.textContent = words ?? "";
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  say();
});

page.box.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    say();
  } else if (event.key === "ArrowUp" && page.box.value === "") {
    const newest = [...document.querySelectorAll("#transcript .edit")].at(-1);
    if (!newest) return;
    event.preventDefault();
    newest.click();
  }
});

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && editing.now !== null && !$("keys-dialog").open) editing.end();
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

// --- files -----------------------------------------------------------------------------------------------------

$("attach").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  files.send([...$("file").files]);
  $("file").value = "";
});
acceptDrops($("lesson"), $("drop"), (dropped) => files.send(dropped));
page.box.addEventListener("paste", (event) => {
  const pasted = [...(event.clipboardData?.files ?? [])];
  if (pasted.length === 0) return;
  event.preventDefault();
  files.send(pasted);
});

// --- keyboard --------------------------------------------------------------------------------------------------

const shortcuts = new Shortcuts($("keys-dialog"), $("keys-list"), $("show-keys"));
for (const [name, [words, , , , key]] of Object.entries(ACTIONS)) {
  if (key) shortcuts.add(key, words, () => page.actions.querySelector(`[data-action="${name}"]`)?.click());
}
shortcuts.add("KeyP", gettext("Pause the lesson"), () => $("pause").hidden || $("pause").click());
shortcuts.add("KeyA", gettext("Attach files"), () => $("attach").click());
shortcuts.add("KeyB", gettext("Go to the box"), () => page.box.focus());
shortcuts.mention(["Enter"], gettext("Send"));
shortcuts.mention(["Shift", "Enter"], gettext("Start a new line"));
shortcuts.mention(["↑"], gettext("In the empty box: change your newest line"));
shortcuts.mention(["Esc"], gettext("Leave a change"));

// --- the end ---------------------------------------------------------------------------------------------------

new Connection(client);
client.addEventListener("connection", ({ detail }) => {
  if (detail.status === "closed" && detail.code !== 1000) showEnd(detail);
});

/** The server closed this view for good: say why, and where to go from here. */
function showEnd({ code, reason }) {
  const words = {
    4401: gettext("You are not signed in any more."),
    4404: gettext("This lesson is not there any more, or it is not yours."),
    4410: gettext("This lesson is over."),
    4426: gettext("This page is older than the server. Please reload it."),
    4429: gettext("This lesson is open in too many tabs. Please close some of them."),
  }[code];
  const isOver = code === 4410;
  const links = [homeLink()];
  if (code === 4426) links.unshift(link("button primary", location.pathname, icon("again"), gettext("Reload")));
  else if (course) links.unshift(link("button primary", location.pathname, icon("arrow"), gettext("Open the lesson anew")));
  page.actions.replaceChildren(...links);
  page.actions.classList.remove("busy");
  shownActions = "";
  notify(words ?? reason);
  page.notice.classList.toggle("calm", isOver);
  $("composer").hidden = true;
  document.body.classList.add("over");
  $("pause").hidden = true;
  $("activity").textContent = "";
  if (isOver) offerReviewOfNewest();
}

/** Of a course's lessons the newest is reviewed; one that is read again may be an older one. */
async function offerReviewOfNewest() {
  const courses = await get("/api/courses").catch(() => []);
  const newest = courses.find((one) => one.progress?.session === client.view.session)?.progress;
  if (newest?.skills?.length) offerReview(newest);
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
