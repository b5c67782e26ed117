/** The teacher's page of one session: a second, read-only view of it, live, and what a teacher can do about it. */

import { Activity } from "./activity.js";
import { TutorClient, endsStream } from "./client.js";
import { concern } from "./concerns.js";
import { Connection } from "./connection.js";
import { element } from "./element.js";
import { Following } from "./following.js";
import { Progress } from "./progress.js";
import { Queue } from "./queue.js";
import { Record } from "./record.js";
import { inPlainWords } from "./refusals.js";
import { command } from "./server.js";
import { inWords } from "./states.js";
import { Streaming } from "./streaming.js";
import { Transcript } from "./transcript.js";
import { ago, filled, gettext, moment } from "./words.js";

const $ = (id) => document.getElementById(id);
/** After something happened, the situation is asked for once it is quiet for so long; and again now and then. */
const QUIET_MS = 400;
const LOOK_MS = 15_000;
/** Lines that one click on "earlier" fetches. */
const EARLIER = 300;

const { session } = $("watch").dataset;
const client = new TutorClient({ session, readOnly: true });
const record = new Record();
const transcript = new Transcript($("transcript"), { answer: null });
const waiting = element("ul", "waiting-lines");
$("activity").before(waiting);
const queue = new Queue(waiting, waiting);
const progress = new Progress($("path"), $("path-summary"), $("reason"), $("reason-words"));
const streaming = new Streaming($("streaming"));
const activity = new Activity($("activity"));
const following = new Following($("scroller"), $("newer"), () => $("scroller").focus());
let held = false;
let replayed = 1000;

// --- what comes from the server --------------------------------------------------------------------------------

client.addEventListener("welcome", ({ detail: { d } }) => {
  activity.begin(d.active?.turn ?? null);
  queue.begin(d.queue ?? []);
  replayed = d.limits?.replay ?? replayed;
});

client.addEventListener("resync", () => {
  record.clear();
  forget();
});

function forget() {
  transcript.clear();
  progress.clear();
  queue.clear();
  streaming.clear();
  activity.begin(null);
  $("notes").replaceChildren();
  held = false;
}

client.addEventListener("event", ({ detail: frame }) => {
  if (endsStream(frame)) streaming.clear(frame.turn);
  if (record.add(frame)) tellAnew();
  else show(frame);
  settle();
});

function tellAnew() {
  forget();
  for (const frame of record.standing()) show(frame);
}

function show(frame) {
  for (const one of queue.take(frame)) transcript.add(one);
  progress.add(frame);
  activity.add(frame);
  if (frame.t === "safety.held") held = true;
  else if (frame.t === "safety.released") held = false;
  if (frame.t.startsWith("observer.") || frame.t.startsWith("safety.") || frame.t === "author.noted") noted(frame);
}

/** Newest first: what somebody noted about this session. */
function noted({ t, d, at }) {
  const who = { "safety.held": gettext("Safety"), "safety.released": d.actor, "author.noted": d.about }[t] ?? d.observer;
  const words = {
    "safety.held": filled(gettext("Held: %(why)s"), { why: concern(d.why ?? "") }),
    "safety.released": gettext("Let the lesson go on"),
  }[t];
  const said = words ?? d.note ?? d.suggestion ?? d.text ?? "";
  const time = element("time", "quiet", moment(at));
  time.dateTime = at;
  $("notes").prepend(element("li", t === "safety.held" ? "alarm" : "", element("p", "", said), element("p", "quiet", `${who} · `, time)));
}

client.addEventListener("output", ({ detail }) => {
  if (detail.text) streaming.show(detail.turn, detail.text);
  else streaming.clear(detail.turn);
  activity.show(streaming.turn !== null);
  following.follow();
});

client.addEventListener("live", () => {
  settle();
  $("earlier").hidden = record.length < replayed;
  if ($("transcript").getAttribute("aria-live") === "off") {
    requestAnimationFrame(() => $("transcript").setAttribute("aria-live", "polite"));
    following.toEnd();
    following.instant = false;
  }
});

function settle() {
  activity.show(streaming.turn !== null);
  $("no-notes").hidden = $("notes").children.length > 0;
  $("release").hidden = !held;
  showState(client.view.state);
  following.follow();
  clearTimeout(asking);
  asking = setTimeout(inspect, QUIET_MS);
}

$("earlier").addEventListener("click", async () => {
  const { events, more } = await command(session, "history.get", { before: record.first, limit: EARLIER });
  record.addEarlier(events);
  following.keepingPlace(tellAnew);
  settle();
  $("earlier").hidden = !more;
});

// --- the situation ---------------------------------------------------------------------------------------------

let asking = null;

function showState(state, status = null) {
  const [words, tone] = status === "suspended" ? [gettext("Suspended"), "again"] : inWords(state);
  $("state").textContent = words;
  $("state").className = `badge ${tone}`;
}

/** State, since when, waiting for what: from the server, which alone knows why. */
async function inspect() {
  clearTimeout(asking);
  if (!document.hidden) {
    const answer = await fetch(`/api/sessions/${session}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) {
      const seen = await answer.json();
      if (seen.progress?.skills) progress.believe(seen.progress);
      showState(seen.state, seen.live ? seen.status : null);
      $("since").textContent = ago(seen.since);
      $("why").textContent = seen.words;
      const suspended = seen.status === "suspended";
      if ($("suspend")) [$("suspend").hidden, $("unsuspend").hidden] = [suspended || !seen.live, !suspended || !seen.live];
    }
  }
  asking = setTimeout(inspect, LOOK_MS);
}

// --- what a teacher can do -------------------------------------------------------------------------------------

let steering = false;

async function steer(t, d, done) {
  if (steering) return;
  steering = true;
  $("notice").hidden = true;
  $("done").textContent = "";
  try {
    const reply = await command(session, t, d);
    $("done").textContent = reply.disposition === "noop" ? gettext("There was nothing to do.") : done;
  } catch (error) {
    $("notice").textContent = inPlainWords(error);
    $("notice").hidden = false;
  } finally {
    steering = false;
    inspect();
  }
}

$("release").addEventListener("click", () => steer("session.clear_safety", {}, gettext("The lesson goes on.")));
$("remediation")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = $("known-error");
  const words = filled(gettext("“%(name)s” is treated next."), { name: chosen.selectedOptions[0].textContent });
  steer("session.force_remediation", { known_error: chosen.value }, words);
});
$("suspend")?.addEventListener("click", () => steer("session.suspend", {}, gettext("Suspended: nothing happens until it goes on.")));
$("unsuspend")?.addEventListener("click", () => steer("session.unsuspend", {}, gettext("It goes on.")));

// --- begin -----------------------------------------------------------------------------------------------------

const narrow = matchMedia("(max-width: 60rem)");
const fold = () => ($("path").open = !narrow.matches);
narrow.addEventListener("change", fold);
fold();
new Connection(client);
document.addEventListener("visibilitychange", () => document.hidden || inspect());
client.open();
