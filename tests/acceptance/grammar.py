"""The grammar of the stream, from protocol.md alone: what every client may rely on, checked frame by frame.

`Stream` is one learner's view of one session over any number of sockets; `SocketGrammar` is one socket of it.
Both raise `GrammarError` (an AssertionError) with the sentence that was broken.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

Frame = dict[str, Any]

ENVELOPE = {"t", "sid", "at", "turn", "cause", "d"}
REPLIES = {"ok", "err", "welcome", "pong"}
#: Frames that are not in the log.
EPHEMERAL = REPLIES | {"live", "resync", "bye", "output.delta", "output.reset"}
ENDINGS = {"tool.finished", "tool.failed", "tool.timed_out", "tool.cancelled"}
DISPOSITIONS = {"started", "busy", "queued", "merged", "applied", "noop"}
OUTCOMES = {"completed", "cancelled", "interrupted", "rolled_back", "failed", "timed_out"}
VERDICTS = {
    "correct",
    "form_issue",
    "partial",
    "known_error",
    "wrong",
    "malformed",
    "not_an_answer",
    "undecided",
}
RETRIES = {"never", "same_id", "later", "resync"}
ERROR_CODES = {
    "bad_frame",
    "bad_request",
    "unknown_command",
    "not_found",
    "forbidden",
    "read_only",
    "busy",
    "queue_full",
    "stale",
    "id_reused",
    "invalid_transition",
    "no_such_turn",
    "too_large",
    "rate_limited",
    "over_budget",
    "draining",
    "unavailable",
    "internal",
}
STATES = {
    "created",
    "exposition",
    "setting_question",
    "awaiting_answer",
    "awaiting_tool_result",
    "remediating_known_error",
    "reviewing_solution",
    "topic_complete",
    "paused",
    "error_state",
    "completed",
}
LIMITS = ("text", "frame", "replay", "queue", "sockets")
LEARNER_EVENTS = {
    "session.started",
    "session.resumed",
    "session.paused",
    "session.closed",
    "session.forked",
    "session.rewound",
    "session.restored",
    "message.accepted",
    "message.queued",
    "message.merged",
    "message.removed",
    "turn.started",
    "turn.recovering",
    "tool.requested",
    "tool.finished",
    "tool.failed",
    "tool.timed_out",
    "tool.in_doubt",
    "tool.cancelled",
    "tool.result_discarded",
    "answer.checked",
    "output.committed",
    "question.asked",
    "hint.given",
    "remediation.started",
    "remediation.finished",
    "mastery.changed",
    "file.uploaded",
    "file.ready",
    "file.failed",
    "compaction.completed",
    "observer.said",
    "state.changed",
    "strategy.applied",
    "event.quarantined",
    "policy.changed",
    "event.crashed",
    "turn.finished",
}

#: Fields of `d` that protocol.md names (§3, §5, §6, §12), with their types.
REQUIRED: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "welcome": {
        "conn": str,
        "session": str,
        "log_id": str,
        "head": int,
        "floor": int,
        "first": int,
        "state": str,
        "active": (dict, type(None)),
        "queue": list,
        "policy": str,
        "limits": dict,
        "beat_s": (int, float),
    },
    "live": {"head": int},
    "resync": {"log_id": str, "head": int, "first": int, "state": str},
    "pong": {"head": int, "off": int, "at": str},
    "bye": {"code": int, "reason": str, "reconnect": bool},
    "err": {"code": str, "message": str, "retry": str, "detail": (dict, type(None))},
    "message.accepted": {"text": str},
    "turn.started": {"attempt": int, "by": str},
    "turn.finished": {"outcome": str},
    "tool.requested": {"call": str, "name": str},
    **{kind: {"call": str, "attempts": int} for kind in (*ENDINGS, "tool.in_doubt")},
    "tool.finished": {"call": str, "attempts": int, "owner": str, "started_at": str},
    "answer.checked": {"question": str, "answer": str, "verdict": str, "feedback": str},
    "output.committed": {"text": str, "html": str, "partial": bool, "len": int},
    "output.delta": {"attempt": int, "off": int, "text": str},
    "output.reset": {"attempt": int},
    "question.asked": {"question": str, "prompt": str, "format": dict, "skill": str, "number": int},
    "hint.given": {"question": str, "level": int, "text": str, "bottom_out": bool},
    "mastery.changed": {"skill": str, "p": float, "why": str},
    "state.changed": {"from": str, "to": str, "why": str},
}
#: Traces of an internal error that no client may ever see.
FORBIDDEN_TEXT = ("Traceback", 'File "', "psycopg", "django.", "site-packages")


class GrammarError(AssertionError):
    """A frame broke the protocol."""


def demand(holds: bool, sentence: str, frame: object = None) -> None:
    """Raise `GrammarError` with the sentence unless it holds."""
    if not holds:
        raise GrammarError(f"{sentence}\n{frame}" if frame is not None else sentence)


class Text:
    """What one view has of the text that a turn is writing."""

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.text = ""
        #: The line was cut since; if the text is committed meanwhile, the rest of it comes with the log alone.
        self.cut = False


class Stream:
    """The durable events of one view, in the order of their `seq`, without gaps known to be lost.

    Streamed text is kept as a client would (`texts`), so that it can be compared with what is committed.

    ``machine_states`` are the states that may appear; the echo machine has its own.
    """

    def __init__(self, *, whole: bool = True, machine_states: set[str] = STATES) -> None:
        self.events: list[Frame] = []
        self.whole = whole
        self.states = machine_states
        self.open_turns: set[str] = set()
        self.finished_turns: set[str] = set()
        self.open_calls: dict[str, str] = {}
        self.ended_calls: set[str] = set()
        self.texts: dict[str, Text] = {}
        #: turn -> the attempt whose text was committed last
        self.committed: dict[str, int] = {}

    @property
    def out(self) -> dict[str, Any] | None:
        """What `hello.resume.out` says of the text this view has."""
        if not self.texts:
            return None
        turn, known = next(reversed(self.texts.items()))
        return {"turn": turn, "attempt": known.attempt, "off": len(known.text)}

    def delta(self, frame: Frame, *, first: bool) -> None:
        """Take streamed text. `first`: of this socket, which may tell again what an earlier one told."""
        turn, d = frame["turn"], frame["d"]
        demand(turn in self.open_turns or not self.whole, "text belongs to a turn that is running", frame)
        demand(d["attempt"] > self.committed.get(turn, 0), "no text comes after it was committed", frame)
        known = self.texts.setdefault(turn, Text(d["attempt"]))
        if d["attempt"] != known.attempt:
            demand(d["attempt"] > known.attempt and not known.text, "another attempt begins with output.reset", frame)
            known.attempt = d["attempt"]
        have, off = len(known.text), d["off"]
        demand(off == have or (first and off < have), f"text follows what was sent ({have})", frame)
        demand(known.text[off : off + len(d["text"])] == d["text"][: have - off], "text told again is the same", frame)
        demand(bool(d["text"]), "a delta brings text", frame)
        known.text += d["text"][have - off :]
        known.cut = False

    def reset(self, frame: Frame) -> None:
        """The text begins anew."""
        turn, attempt = frame["turn"], frame["d"]["attempt"]
        known = self.texts.get(turn)
        demand(known is None or attempt > known.attempt, "the attempt rises with every reset", frame)
        self.texts[turn] = Text(attempt)

    def _commit(self, event: Frame) -> None:
        turn, attempt = event["turn"], event["d"].get("attempt")
        if attempt is None:
            return  # something that was said beside the stream
        known = self.texts.pop(turn, None)
        if known is not None and known.cut:
            same = known.attempt < attempt or event["d"]["text"].startswith(known.text)
            demand(same, f"committed goes on where the line was cut:\n{known.text!r}", event)
        elif known is not None and known.text:
            demand(known.attempt == attempt, f"what is committed is the last attempt ({known.attempt})", event)
            demand(known.text == event["d"]["text"], f"committed equals what was streamed:\n{known.text!r}", event)
        self.committed[turn] = attempt

    @property
    def last_seq(self) -> int:
        """The cursor to resume from; 0 before the first event."""
        return int(self.events[-1]["seq"]) if self.events else 0

    @property
    def state(self) -> str | None:
        """The newest state named by an event."""
        return next((e["d"]["to"] for e in reversed(self.events) if e["t"] == "state.changed"), None)

    def of(self, kind: str) -> list[Frame]:
        """All events of one kind."""
        return [event for event in self.events if event["t"] == kind]

    def append(self, event: Frame) -> None:
        """Take the next event. Raises GrammarError."""
        demand(event["seq"] > self.last_seq, f"seq rises strictly (last was {self.last_seq})", event)
        demand(event["t"] in LEARNER_EVENTS, "only events of the protocol's list reach a learner", event)
        turn = event["turn"]
        if event["t"] != "tool.result_discarded":
            demand(turn not in self.finished_turns, "nothing of a turn comes after its turn.finished", event)
        match event["t"]:
            case "turn.started":
                demand(isinstance(turn, str), "turn.started names its turn", event)
                demand(turn not in self.open_turns, "a turn starts once", event)
                self.open_turns.add(turn)
            case "turn.finished":
                demand(turn in self.open_turns or not self.whole, "a turn that finishes has started", event)
                demand(event["d"]["outcome"] in OUTCOMES, "the outcome is one of the closed list", event)
                demand(turn not in self.open_calls.values(), "every tool of a finished turn has ended", event)
                self.open_turns.discard(turn)
                self.finished_turns.add(turn)
                self.texts.pop(turn, None)
            case "tool.requested":
                call = event["d"]["call"]
                demand(call not in self.open_calls and call not in self.ended_calls, "a call is requested once", event)
                self.open_calls[call] = turn
            case "tool.in_doubt":
                call = event["d"]["call"]
                demand(call in self.open_calls or not self.whole, "only a call that has not ended is in doubt", event)
            case kind if kind in ENDINGS:
                call = event["d"]["call"]
                demand(call not in self.ended_calls, "a call ends exactly once", event)
                demand(call in self.open_calls or not self.whole, "a call that ends was requested", event)
                self.open_calls.pop(call, None)
                self.ended_calls.add(call)
            case "state.changed":
                demand(event["d"]["to"] in self.states, "state names are those of tutoring.md", event)
                known = self.state
                demand(known in {None, event["d"]["from"]}, f"a state is left where it was entered ({known})", event)
            case "output.committed":
                demand(event["d"]["len"] == len(event["d"]["text"]), "len counts code points of text", event)
                self._commit(event)
            case "answer.checked":
                demand(event["d"]["verdict"] in VERDICTS, "the verdict is one of the closed list", event)
        self.events.append(event)

    def start_again(self) -> None:
        """After a `resync`: what was known counts no more."""
        self.__init__(whole=False, machine_states=self.states)  # type: ignore[misc]

    def demand_quiet(self) -> None:
        """Between turns nothing is open."""
        demand(not self.open_turns, f"every turn.started has its turn.finished: {self.open_turns}")
        demand(not self.open_calls, f"every tool.requested has its ending: {self.open_calls}")


class SocketGrammar:
    """What one socket sent and received."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        for text in stream.texts.values():
            text.cut = True
        self.unanswered: set[str] = set()
        self.answered: set[str] = set()
        #: command id -> `at` of the commit in which it entered the log
        self._committed_at: dict[str, str] = {}
        self._live = False
        #: (turn, attempt) of texts that this socket has told of.
        self._told: set[tuple[str, int]] = set()

    def sent(self, command_id: object) -> None:
        """A command with a readable id went out."""
        if isinstance(command_id, str):
            self.unanswered.add(command_id)

    def received(self, frame: object) -> Frame:
        """Check the next frame. Raises GrammarError."""
        if not isinstance(frame, dict):
            raise GrammarError(f"a frame is a JSON object\n{frame!r}")
        kind = frame.get("t")
        durable = kind not in EPHEMERAL
        demand(set(frame) == ENVELOPE | ({"seq"} if durable else set()), "the envelope's keys are exactly these", frame)
        demand(isinstance(frame["d"], dict), "d is an object", frame)
        datetime.datetime.fromisoformat(frame["at"])
        for name in ("turn", "cause", "sid"):
            demand(frame[name] is None or isinstance(frame[name], str), f"{name} is a string or null", frame)
        _check_fields(frame)
        demand(not any(text in str(frame) for text in FORBIDDEN_TEXT), "no internals reach a client", frame)
        if durable:
            self._event(frame)
        elif kind in REPLIES:
            self._reply(frame)
        elif kind == "resync":
            self.stream.start_again()
        elif kind == "output.delta":
            text = (frame["turn"], frame["d"]["attempt"])
            self.stream.delta(frame, first=text not in self._told)
            self._told.add(text)
        elif kind == "output.reset":
            self.stream.reset(frame)
        elif kind == "live":
            demand(not self._live, "live comes once", frame)
            demand(frame["d"]["head"] >= self.stream.last_seq, "live comes when the events up to head are there", frame)
            self._live = True
        return frame

    def _event(self, event: Frame) -> None:
        demand(isinstance(event["seq"], int) and event["seq"] > 0, "seq is a positive integer", event)
        cause = event["cause"]
        if cause in self._committed_at:
            demand(
                event["at"] > self._committed_at[cause],
                "all visible events of a command's commit come before its reply",
                event,
            )
        self.stream.append(event)

    def _reply(self, frame: Frame) -> None:
        cause = frame["cause"]
        if cause is None:
            demand(frame["t"] == "err", "only an err to an unreadable frame has no cause", frame)
            return
        demand(cause in self.unanswered, "a reply answers a command of this socket, exactly once", frame)
        self.unanswered.discard(cause)
        self.answered.add(cause)
        if frame["t"] == "ok" and isinstance(frame["d"].get("seq"), int) and not frame["d"].get("duplicate"):
            entered = frame["d"]["seq"]
            its_events = [event for event in self.stream.events if event["cause"] == cause]
            quiet = frame["d"]["disposition"] in {"noop", "applied"} and not its_events
            demand(quiet or bool(its_events), "an accepted command shows in the log before its reply", frame)
            if its_events:
                demand(its_events[0]["seq"] >= entered, "nothing of a command comes before it entered the log", frame)
                self._committed_at[cause] = its_events[-1]["at"]


def _check_fields(frame: Frame) -> None:
    details = frame["d"]
    for name, wanted in REQUIRED.get(frame["t"], {}).items():
        demand(name in details, f"{frame['t']} has the field {name}", frame)
        value = details[name]
        fits = isinstance(value, wanted) and (not isinstance(value, bool) or wanted is bool)
        demand(fits, f"{frame['t']}.{name} is {wanted}", frame)
    match frame["t"]:
        case "welcome":
            for name in LIMITS:
                demand(isinstance(details["limits"].get(name), int), f"limits has {name}", frame)
            if details["active"] is not None:
                demand({"turn", "attempt", "off", "phase"} <= set(details["active"]), "active says where it is", frame)
        case "err":
            demand(details["code"] in ERROR_CODES, "the error code is one of the closed list", frame)
            demand(details["retry"] in RETRIES, "retry is one of the closed list", frame)
        case "ok" if "disposition" in details:
            demand(details["disposition"] in DISPOSITIONS, "the disposition is one of the closed list", frame)
            demand(isinstance(details.get("seq"), int), "ok says where the command entered the log", frame)
            demand(isinstance(details.get("duplicate"), bool), "ok says whether it is a duplicate", frame)
        case "question.asked" if details.get("choices"):
            for choice in details["choices"]:
                demand({"id", "text"} <= set(choice), "a choice has id and text", frame)
