"""What a client has of a session, as a value that frames are applied to. No input or output: sockets are elsewhere.

Three rules make resuming exact, whatever the connection does:

1. A durable event counts once: its ``seq`` must be above that of the last one.
2. Streamed text is addressed by (turn, attempt, offset in code points): what overlaps is dropped, what leaves a gap is
   not taken, a new attempt begins afresh, and the ``output.committed`` of that attempt replaces it all. (One without an
   attempt was said beside the stream.)
3. ``resync`` (another log, or a cursor the server cannot serve) empties the view; the server then tells it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sessions_app.client.frames import Frame


@dataclass(frozen=True, slots=True)
class Event:
    """A durable event of the session, each exactly once and in order."""

    frame: Frame

    @property
    def t(self) -> str:
        return self.frame.t

    @property
    def d(self) -> dict[str, Any]:
        return self.frame.d

    @property
    def seq(self) -> int:
        assert self.frame.seq is not None  # noqa: S101 - what makes a frame an event
        return self.frame.seq


@dataclass(frozen=True, slots=True)
class Output:
    """Text that is being written. ``new`` is what came now; ``text`` is all of this attempt so far."""

    turn: str
    attempt: int
    text: str
    new: str


@dataclass(frozen=True, slots=True)
class Resync:
    """Forget what was shown: the events that follow tell the session from ``first`` on."""

    first: int | None


@dataclass(frozen=True, slots=True)
class Welcome:
    """The session is known; events up to ``head`` follow."""

    session: str
    state: str
    head: int
    d: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """Everything there was has been told; from here on things come as they happen."""

    head: int


@dataclass(frozen=True, slots=True)
class Connection:
    """How the connection stands. ``waiting``: the next try is in ``retry_in_s`` seconds."""

    status: Literal["connecting", "connected", "waiting", "closed"]
    retry_in_s: float = 0.0
    reason: str = ""


#: What iterating over a client gives.
Item = Event | Output | Resync | Welcome | Live | Connection


@dataclass(slots=True)
class Stream:
    """The text of one attempt at one turn, as far as it has come."""

    attempt: int
    text: str = ""


class GapError(Exception):
    """Streamed text is missing: ask for it by resuming."""


@dataclass(slots=True)
class View:
    """One client's view of one session."""

    log_id: str | int | None = None
    #: Of the last durable event applied; 0 for none.
    seq: int = 0
    session: str | None = None
    #: The state of the tutor, a name of ``tutoring.md`` §2.
    state: str | None = None
    streams: dict[str, Stream] = field(default_factory=dict)
    #: (turn, attempt) that was asked for again once; a second gap waits for ``output.committed``.
    _asked: set[tuple[str, int]] = field(default_factory=set)
    _active: str | None = None

    def cursor(self) -> dict[str, Any] | None:
        """What ``hello`` sends as ``resume``; None for a view that has seen nothing."""
        if self.log_id is None or self.seq == 0:
            return None
        out = None
        if self.streams:
            turn, stream = next(reversed(self.streams.items()))
            out = {"turn": turn, "attempt": stream.attempt, "off": len(stream.text)}
        return {"log_id": self.log_id, "seq": self.seq, "out": out}

    def apply(self, frame: Frame) -> Item | None:
        """Take a frame in. None where it brings nothing new. Raises ``GapError`` where text is missing."""
        match frame.t:
            case "welcome":
                return self._welcome(frame)
            case "resync":
                return self._resync(frame)
            case "live":
                # A stream that is no longer active was committed while we were away, or its buffer is gone.
                self.streams = {turn: s for turn, s in self.streams.items() if turn == self._active}
                return Live(head=int(frame.d.get("head", self.seq)))
            case "output.delta":
                return self._delta(frame)
            case "output.reset":
                return self._reset(frame)
        if frame.seq is None or frame.seq <= self.seq:
            return None
        return self._event(frame)

    def _welcome(self, frame: Frame) -> Welcome:
        d = frame.d
        self.session = str(d["session"])
        self.state = d.get("state")
        if self.log_id is None:
            self.log_id = d.get("log_id")
        active = d.get("active")
        self._active = active["turn"] if active else None
        return Welcome(session=self.session, state=str(self.state or ""), head=int(d.get("head", 0)), d=d)

    def _resync(self, frame: Frame) -> Resync:
        self.log_id = frame.d.get("log_id")
        self.seq = 0
        self.state = frame.d.get("state", self.state)
        self.streams.clear()
        self._asked.clear()
        return Resync(first=frame.d.get("first"))

    def _delta(self, frame: Frame) -> Output | None:
        turn, attempt = frame.turn or "", int(frame.d["attempt"])
        off, text = int(frame.d["off"]), str(frame.d["text"])
        stream = self.streams.get(turn)
        if stream is None or stream.attempt < attempt:
            stream = self.streams[turn] = Stream(attempt=attempt)
        if stream.attempt > attempt:
            return None
        have = len(stream.text)
        if off > have:
            if (turn, attempt) in self._asked:
                return None
            self._asked.add((turn, attempt))
            raise GapError
        new = text[have - off :]
        if not new:
            return None
        stream.text += new
        return Output(turn=turn, attempt=attempt, text=stream.text, new=new)

    def _reset(self, frame: Frame) -> Output | None:
        turn, attempt = frame.turn or "", int(frame.d["attempt"])
        stream = self.streams.get(turn)
        if stream is not None and stream.attempt >= attempt:
            return None
        self.streams[turn] = Stream(attempt=attempt)
        return Output(turn=turn, attempt=attempt, text="", new="")

    def _event(self, frame: Frame) -> Event:
        assert frame.seq is not None  # noqa: S101 - checked by the caller
        self.seq = frame.seq
        if frame.t == "state.changed":
            self.state = frame.d.get("to", self.state)
        elif frame.t == "turn.started":
            self._active = frame.turn
        elif frame.t == "output.committed" and frame.turn is not None:
            stream = self.streams.get(frame.turn)
            if stream is not None and frame.d.get("attempt", stream.attempt) is not None:
                self.streams.pop(frame.turn)
        elif frame.t == "turn.finished" and frame.turn is not None:
            self.streams.pop(frame.turn, None)
            if self._active == frame.turn:
                self._active = None
        return Event(frame)
