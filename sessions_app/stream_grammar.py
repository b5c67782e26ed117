"""The grammar of the stream: what every client may rely on, checked frame by frame.

``Stream`` is one view of one session over any number of sockets: its durable events and the text that is being written.
``SocketGrammar`` is one socket of it: replies, order, the opening. Both raise ``GrammarError`` with the sentence that
was broken. One module for everybody who checks: tests (live, replayed, forked and compacted streams), the server
(``settings.TUTOR_CHECK_STREAMS``) and the Python client. Pure, and bounded in memory unless ``keep`` is set.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from sessions_app.frames import EVENTS, MOMENTARY, REPLIES, Body, Erased, events_for
from tutor.interactions import Interaction, TurnOutcome, Visibility
from tutor.machine.state import State

Frame = dict[str, Any]

ENVELOPE = frozenset({"t", "sid", "at", "turn", "cause", "d"})
ENDINGS = frozenset({"tool.finished", "tool.failed", "tool.timed_out", "tool.cancelled"})
#: States of tutoring sessions, as they are named on the wire.
STATES = frozenset(str(state) for state in State)
#: How a turn may end.
OUTCOMES = frozenset(TurnOutcome.__args__)  # type: ignore[attr-defined]
#: Frames that are not in the log.
EPHEMERAL = REPLIES.keys() | MOMENTARY.keys()
#: Commands, turns and calls that are remembered after their end.
REMEMBERED = 1_000


class GrammarError(Exception):
    """A frame broke the protocol."""


def demand(holds: bool, sentence: str, frame: object = None) -> None:
    """Raise ``GrammarError`` with the sentence unless it holds."""
    if not holds:
        raise GrammarError(f"{sentence}\n{frame}" if frame is not None else sentence)


class _Recent(dict[str, Any]):
    """A mapping that forgets its oldest entries."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > REMEMBERED:
            del self[next(iter(self))]


class Text:
    """What one view has of the text that a turn is writing."""

    def __init__(self, attempt: int, base: int = 0) -> None:
        self.attempt = attempt
        #: Code points at the beginning that another socket was sent, and this view does not know.
        self.base = base
        self.text = ""
        #: The line was cut since; if the text is committed meanwhile, the rest of it comes with the log alone.
        self.cut = False

    @property
    def end(self) -> int:
        """Code points from the beginning."""
        return self.base + len(self.text)


class Stream:
    """The durable events of one view, in the order of their ``seq``.

    Streamed text is kept as a client would (``texts``), so that it can be compared with what is committed. ``whole``:
    from the session's beginning, so that whatever ends was seen to begin. ``machine_states``: those that may appear;
    None: any. ``kinds``: those that the view may see. ``keep``: all events are kept in ``events``.
    """

    def __init__(
        self,
        *,
        whole: bool = True,
        machine_states: Collection[str] | None = STATES,
        kinds: Collection[str] | None = None,
        keep: bool = True,
    ) -> None:
        self.whole = whole
        self.states = machine_states
        self.kinds = events_for(Visibility.LEARNER) if kinds is None else kinds
        self.keep = keep
        self._forget()

    def _forget(self) -> None:
        self.events: list[Frame] = []
        #: The cursor to resume from; 0 before the first event.
        self.last_seq = 0
        #: The newest state named by an event.
        self.state: str | None = None
        self._may_be: set[str] = set()
        self.open_turns: set[str] = set()
        self.finished_turns = _Recent()
        self.open_calls: dict[str, str | None] = {}
        self.ended_calls = _Recent()
        #: Commands that wait for their turn, and how those that waited have ended.
        self.waiting: set[str] = set()
        self.waited = _Recent()
        self.texts: dict[str, Text] = {}
        #: turn -> the attempt whose text was committed last
        self.committed = _Recent()
        #: command -> (seq of its first event, ``at`` of its last)
        self.caused = _Recent()

    # --- text ------------------------------------------------------------------------------------------------------

    @property
    def out(self) -> dict[str, Any] | None:
        """What ``hello.resume.out`` says of the text this view has."""
        if not self.texts:
            return None
        turn, known = next(reversed(self.texts.items()))
        return {"turn": turn, "attempt": known.attempt, "off": known.end}

    def delta(self, frame: Frame, *, first: bool) -> None:
        """Take streamed text. ``first``: of this socket, which may tell again what an earlier one told."""
        turn, d = frame["turn"], frame["d"]
        demand(turn in self.open_turns or not self.whole, "text belongs to a turn that is running", frame)
        demand(d["attempt"] > self.committed.get(turn, 0), "no text comes after it was committed", frame)
        known = self.texts.get(turn)
        if known is None:
            known = self.texts[turn] = Text(d["attempt"], 0 if self.whole else d["off"])
        if d["attempt"] != known.attempt:
            demand(d["attempt"] > known.attempt and not known.text, "another attempt begins with output.reset", frame)
            known.attempt, known.base = d["attempt"], 0
        have, off = known.end, d["off"]
        demand(off == have or (first and off < have), f"text follows what was sent ({have})", frame)
        told = d["text"][max(0, known.base - off) : have - off]
        demand(known.text[max(0, off - known.base) :][: len(told)] == told, "text told again is the same", frame)
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
        if known is not None and known.text:
            written = event["d"]["text"][known.base :]
            if known.cut:
                same = known.attempt < attempt or written.startswith(known.text)
                demand(same, f"committed goes on where the line was cut:\n{known.text!r}", event)
            else:
                demand(known.attempt == attempt, f"what is committed is the last attempt ({known.attempt})", event)
                demand(known.text == written, f"committed equals what was streamed:\n{known.text!r}", event)
        self.committed[turn] = attempt

    # --- events ----------------------------------------------------------------------------------------------------

    def of(self, kind: str) -> list[Frame]:
        """All events of one kind, where they are kept."""
        return [event for event in self.events if event["t"] == kind]

    def append(self, event: Frame) -> None:
        """Take the next event. Raises GrammarError."""
        demand(event["seq"] > self.last_seq, f"seq rises strictly (last was {self.last_seq})", event)
        demand(event["t"] in self.kinds, "only kinds that this view may see reach it", event)
        turn = event["turn"]
        if event["t"] != "tool.result_discarded":
            demand(turn not in self.finished_turns, "nothing of a turn comes after its turn.finished", event)
        if event["d"].get("erased") is not True:
            self._take(event)
        if isinstance(event["cause"], str):
            first, _ = self.caused.get(event["cause"], (event["seq"], ""))
            self.caused[event["cause"]] = (first, event["at"])
        self.last_seq = event["seq"]
        if self.keep:
            self.events.append(event)

    def _take(self, event: Frame) -> None:
        turn, d = event["turn"], event["d"]
        match event["t"]:
            case "turn.started":
                self._turn_started(event)
            case "turn.finished":
                demand(turn in self.open_turns or not self.whole, "a turn that finishes has started", event)
                demand(d["outcome"] in OUTCOMES, "the outcome is one of the closed list", event)
                demand(turn not in self.open_calls.values(), "every tool of a finished turn has ended", event)
                self.open_turns.discard(turn)
                self.finished_turns[turn] = True
                self.texts.pop(turn, None)
            case "tool.requested":
                call = d["call"]
                demand(call not in self.open_calls and call not in self.ended_calls, "a call is requested once", event)
                self.open_calls[call] = turn
            case "tool.in_doubt":
                demand(d["call"] in self.open_calls or not self.whole, "only an open call is in doubt", event)
            case kind if kind in ENDINGS:
                call = d["call"]
                demand(call not in self.ended_calls, "a call ends exactly once", event)
                demand(call in self.open_calls or not self.whole, "a call that ends was requested", event)
                self.open_calls.pop(call, None)
                self.ended_calls[call] = True
            case "message.queued":
                demand(event["cause"] not in self.waiting, "a command waits once", event)
                self.waiting.add(event["cause"])
            case "message.removed":
                command = d["command"]
                demand(command not in self.waited, "what waited ends exactly once", event)
                self.waiting.discard(command)
                self.waited[command] = "removed"
            case "state.changed":
                self._state_changed(event)
            case "session.rewound" | "session.restored":
                # Told before or after the state.changed that it brings.
                self._may_be = {*self._may_be, d["state"]}
            case "state.replaced":
                self._may_be = {d["to"]}
            case "output.committed":
                demand(d["len"] == len(d["text"]), "len counts code points of text", event)
                self._commit(event)

    def _turn_started(self, event: Frame) -> None:
        turn, cause = event["turn"], event["cause"]
        demand(isinstance(turn, str), "turn.started names its turn", event)
        demand(turn not in self.open_turns, "a turn starts once", event)
        self.open_turns.add(turn)
        if cause in self.waiting:
            self.waiting.discard(cause)
            self.waited[cause] = "started"

    def _state_changed(self, event: Frame) -> None:
        d = event["d"]
        demand(self.states is None or d["to"] in self.states, "state names are those of the machine", event)
        demand(
            not self._may_be or d["from"] in self._may_be, f"a state is left where it was entered ({self.state})", event
        )
        self.state, self._may_be = d["to"], {d["to"]}

    def start_again(self) -> None:
        """After a ``resync``: what was known counts no more."""
        self.whole = False
        self._forget()

    def demand_quiet(self) -> None:
        """Between turns nothing is open. Raises GrammarError."""
        demand(not self.open_turns, f"every turn.started has its turn.finished: {self.open_turns}")
        demand(not self.open_calls, f"every tool.requested has its ending: {self.open_calls}")


class SocketGrammar:
    """What one socket sent and received."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        for text in stream.texts.values():
            text.cut = True
        self.unanswered: set[str] = set()
        #: command id -> ``at`` of the commit in which it entered the log
        self._committed_at = _Recent()
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
        demand(
            frame.keys() == ENVELOPE | ({"seq"} if durable else set()), "the envelope's keys are exactly these", frame
        )
        demand(isinstance(frame["d"], dict), "d is an object", frame)
        for name in ("turn", "cause", "sid"):
            demand(frame[name] is None or isinstance(frame[name], str), f"{name} is a string or null", frame)
        try:
            datetime.datetime.fromisoformat(frame["at"])
        except (TypeError, ValueError):
            raise GrammarError(f"at is a time\n{frame}") from None
        check_body(str(kind), frame["d"])
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
        d = frame["d"]
        if frame["t"] == "ok" and "disposition" in d and not d["duplicate"]:
            first, at = self.stream.caused.get(cause, (None, ""))
            quiet = d["disposition"] in {"noop", "applied"} and first is None
            demand(quiet or first is not None, "an accepted command shows in the log before its reply", frame)
            if first is not None:
                demand(first >= d["seq"], "nothing of a command comes before it entered the log", frame)
                self._committed_at[cause] = at


def check_body(kind: str, d: Mapping[str, Any]) -> None:
    """What stands in ``d`` is of the frame's type. A kind that is not known is not checked. Raises GrammarError."""
    types = (*REPLIES.get(kind, ()), *_of(MOMENTARY.get(kind)), *_of(EVENTS.get(kind)))
    if not types:
        return
    problems = []
    for one in (*types, Erased) if kind in EVENTS else types:
        try:
            msgspec.convert(d, one)
        except msgspec.ValidationError as error:
            problems.append(str(error))
        else:
            return
    raise GrammarError(f"{kind} has the fields that it should: {'; '.join(problems)}\n{d}")


def _of(one: type[Body] | type[Interaction] | None) -> tuple[type[Body] | type[Interaction], ...]:
    return () if one is None else (one,)
