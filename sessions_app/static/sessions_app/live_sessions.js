/** The teacher's list of live sessions. It asks again every few seconds while somebody looks at it. */

import { element, icon } from "./element.js";
import { inWords } from "./states.js";
import { ago, filled, gettext, ngettext } from "./words.js";

/** Pause between two looks, in milliseconds: usually, and at most while the server cannot be reached. */
const EVERY = 3_000;
const LONGEST = 30_000;

const $ = (id) => document.getElementById(id);
const form = $("search");
/** id → row */
const rows = new Map();
let failures = 0;
let timer = null;
/** The server's clock less ours, in milliseconds: "2 min ago" must not depend on a wrong clock. */
let ahead = 0;
/** Answers may overtake each other: only the newest question's counts. */
let asked = 0;

async function look() {
  clearTimeout(timer);
  const mine = ++asked;
  try {
    const query = new URLSearchParams(new FormData(form));
    const answer = await fetch(`${form.dataset.now}?${query}`, { cache: "no-cache", headers: { Accept: "application/json" } });
    if (answer.redirected || answer.status === 404) return location.reload();
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const seen = await answer.json();
    if (mine !== asked) return;
    const date = Date.parse(answer.headers.get("Date"));
    if (!Number.isNaN(date)) ahead = date - Date.now();
    failures = 0;
    show(seen);
  } catch (error) {
    if (mine !== asked) return;
    failures += 1;
    console.warn("tutor: the sessions could not be read:", error);
  }
  tell(failures === 0 ? "connected" : "waiting");
  if (!document.hidden) timer = setTimeout(look, Math.min(LONGEST, EVERY * 2 ** failures));
}

function tell(status) {
  const words = status === "connected" ? gettext("Up to date") : gettext("Not up to date: the server does not answer");
  $("connection").dataset.status = status;
  if ($("connection-words").textContent !== words) $("connection-words").textContent = words;
}

function show({ sessions, live, needing_help: needing }) {
  const counted = filled(ngettext("%(live)s live session", "%(live)s live sessions", live), { live });
  const helpless = filled(ngettext("%(needing)s needs somebody", "%(needing)s need somebody", needing), { needing });
  const words = needing ? `${counted} · ${helpless}` : counted;
  if ($("count").textContent !== words) $("count").textContent = words;
  $("none").hidden = sessions.length > 0;
  const gone = new Set(rows.keys());
  sessions.forEach((session, place) => {
    gone.delete(session.id);
    const row = rows.get(session.id) ?? element("tr");
    rows.set(session.id, row);
    fill(row, session);
    // Rows move only where their order changed: a row that is being read or tabbed through stays in place.
    if ($("sessions").children[place] !== row) $("sessions").insertBefore(row, $("sessions").children[place] ?? null);
  });
  for (const id of gone) {
    rows.get(id).remove();
    rows.delete(id);
  }
}

function fill(row, session) {
  const now = Date.now() + ahead;
  const told = JSON.stringify([session, Math.floor(now / 15_000)]);
  if (row.dataset.told === told) return;
  row.dataset.told = told;
  row.classList.toggle("needs-help", session.needs_help);
  const link = row.querySelector("a") ?? element("a");
  link.href = `/teach/${session.id}/`;
  link.textContent = session.learner;
  const head = row.querySelector("th") ?? element("th");
  head.scope = "row";
  const course = element("span", "quiet", session.course, ...(session.branch ? [` (${gettext("branch")})`] : []));
  const isFocused = link.matches(":focus");
  head.replaceChildren(link, element("br"), course);
  row.replaceChildren(head, state(session, now), waitsFor(session, now), note(session, now));
  if (isFocused) link.focus({ preventScroll: true });
}

function state(session, now) {
  const [words, tone] = inWords(session.state);
  const badges = [element("span", `badge ${tone}`, words)];
  if (session.hold) badges.unshift(element("span", "badge again", icon("warn"), gettext("Held for safety")));
  if (session.suspended) badges.unshift(element("span", "badge again", gettext("Suspended")));
  return cell(gettext("State"), ...badges, element("span", "quiet when", ago(session.since, now)));
}

function waitsFor(session, now) {
  const parts = [];
  if (session.suspended) parts.push(gettext("an operator"));
  else if (session.hold) parts.push(gettext("a teacher"));
  else if (session.tools.length) parts.push(filled(gettext("the tool %(tools)s"), { tools: session.tools.join(", ") }));
  else parts.push(gettext("the learner"));
  if (session.queue) parts.push(filled(ngettext("%(n)s message waits", "%(n)s messages wait", session.queue), { n: session.queue }));
  const why = session.why ? [element("span", "why-wait", session.why)] : [];
  if (why.length) why[0].lang = "en";
  return cell(gettext("Waiting for"), element("span", "", parts.join(" · ")), element("span", "quiet when", ago(session.changed, now)), ...why);
}

function note({ note: newest }, now) {
  const label = gettext("Newest note");
  if (!newest) {
    const empty = cell(label, element("span", "quiet", "–"));
    empty.className = "empty";
    return empty;
  }
  return cell(label, element("span", "note-words", newest.note), element("span", "quiet when", `${newest.observer}, ${ago(newest.at, now)}`));
}

/** A narrow screen has no head: the label stands before what it is of. */
function cell(label, ...children) {
  const made = element("td", "", ...children);
  made.dataset.label = label;
  return made;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
let typing = null;
form.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(look, 300);
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
addEventListener("online", look);
look();
