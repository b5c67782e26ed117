"""One simulated learner: a closed loop over the public protocol, one message after the other without a pause."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.bench.sockets import Socket

#: States in which a message starts no turn: wait for the next state.
BUSY_STATES = frozenset({"created", "setting_question", "awaiting_tool_result"})
RETRY_S = 0.05
#: Refusals one after the other that make a learner give up.
PATIENCE = 100

_encode = msgspec.json.Encoder().encode


class Received(msgspec.Struct):
    """What the loop needs of a frame; everything else is skipped while decoding."""

    t: str
    turn: str | None = None
    cause: str | None = None
    d: msgspec.Raw = msgspec.Raw(b"{}")


class State(msgspec.Struct):
    state: str = ""
    to: str = ""
    disposition: str = ""
    code: str = ""
    message: str = ""
    turn: str | None = None
    active: dict[str, Any] | None = None


class Asked(msgspec.Struct):
    """A question, as far as somebody who only guesses needs to know it."""

    question: str
    choices: list[dict[str, Any]] | None = None


_frame = msgspec.json.Decoder(Received).decode
_state = msgspec.json.Decoder(State).decode
_asked = msgspec.json.Decoder(Asked).decode
_numbers = itertools.count(1)


@dataclass(slots=True)
class Tally:
    """What all learners of one run saw."""

    #: (end of the turn, its seconds), by ``time.perf_counter``.
    turns: list[tuple[float, float]] = field(default_factory=list)
    frames: int = 0
    tool_calls: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)


def _echo(_state: str, _asked: Asked | None) -> dict[str, Any]:
    return {"t": "message.send", "d": {"text": f"message {next(_numbers)} of a learner who writes a short sentence"}}


def _tutoring(state: str, asked: Asked | None) -> dict[str, Any]:
    """An option or a wrong number where an answer is awaited, else whatever goes on to the next question."""
    if state in {"topic_complete", "exposition"}:
        return {"t": "continue", "d": {}}
    if state == "reviewing_solution":
        return {"t": "message.send", "d": {"text": "because both sides were divided by the same number"}}
    if asked is not None and asked.choices:
        option = asked.choices[next(_numbers) % len(asked.choices)]["id"]
        return {"t": "answer.submit", "d": {"question": asked.question, "value": option}}
    return {"t": "message.send", "d": {"text": str(90_000 + next(_numbers))}}


SPEECH = {"echo": _echo, "tutoring": _tutoring}


class Learner:
    """Opens a session and keeps exactly one turn running."""

    def __init__(self, url: str, token: str, opening: dict[str, Any], speech: str, tally: Tally) -> None:
        self._url = url
        self._token = token
        self._opening = opening
        self._say = SPEECH[speech]
        self._tally = tally
        self._socket: Socket | None = None
        self._state = ""
        self._asked: Asked | None = None
        self._open_turns: set[str] = set()
        self._ended_turns: set[str] = set()
        self._command = ""
        self._turn: str | None = None
        self._sent_at = 0.0
        self._refused = 0
        self._going = False
        self._ids = 0
        self.live: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Until the session is live; raises ``ConnectionError``."""
        self._socket = await Socket.open(self._url, self._token, self._receive, self._lose)
        self._send({"t": "hello", "d": {**self._opening, "resume": None}})
        async with asyncio.timeout(20):
            await self.live

    def beat(self) -> None:
        """Show that somebody is there."""
        self._send({"t": "ping", "d": {}})

    def go(self) -> None:
        self._going = True
        self._speak()

    def stop(self) -> None:
        self._going = False
        if self._socket is not None:
            self._socket.close()

    @property
    def waiting_s(self) -> float:
        """For how long the running turn has been running; 0 if none is."""
        return time.perf_counter() - self._sent_at if self._command else 0.0

    def _send(self, command: dict[str, Any]) -> str:
        assert self._socket is not None
        self._ids += 1
        name = f"c{self._ids}"
        self._socket.send(_encode({**command, "id": name}))
        return name

    def _speak(self) -> None:
        if not self._going or self._command or self._open_turns or self._state in BUSY_STATES:
            return
        self._ended_turns.clear()
        self._turn = None
        self._sent_at = time.perf_counter()
        self._command = self._send(self._say(self._state, self._asked))

    def _receive(self, data: bytes) -> None:
        frame = _frame(data)
        self._tally.frames += 1
        match frame.t:
            case "ok" if frame.cause == self._command:
                self._accepted(frame)
            case "err":
                self._refuse(_state(frame.d))
            case "turn.started" if frame.turn:
                self._open_turns.add(frame.turn)
            case "turn.finished" if frame.turn:
                self._finished(frame.turn, frame.d)
            case "tool.requested":
                self._tally.tool_calls += 1
            case "question.asked":
                self._asked = _asked(frame.d)
            case "state.changed":
                self._state = _state(frame.d).to
            case "welcome":
                self._welcomed(_state(frame.d))
            case "live":
                if not self.live.done():
                    self.live.set_result(None)
            case "bye":
                self._tally.refusals[f"bye {_state(frame.d).code}"] += 1
        if not self._command:
            self._speak()

    def _welcomed(self, welcome: State) -> None:
        self._state = welcome.state
        turn = (welcome.active or {}).get("turn")
        if turn:
            self._open_turns.add(turn)

    def _accepted(self, frame: Received) -> None:
        reply = _state(frame.d)
        turn = frame.turn or reply.turn
        if reply.disposition != "started" or turn is None:
            self._put_off(reply.disposition or "no turn")
        elif turn in self._ended_turns:
            self._count()
        else:
            self._turn = turn
            self._open_turns.add(turn)

    def _finished(self, turn: str, d: msgspec.Raw) -> None:
        self._open_turns.discard(turn)
        self._ended_turns.add(turn)
        if turn == self._turn and self._command:
            self._tally.outcomes[msgspec.json.decode(d).get("outcome", "")] += 1
            self._count()

    def _count(self) -> None:
        now = time.perf_counter()
        self._tally.turns.append((now, now - self._sent_at))
        self._command, self._turn, self._refused = "", None, 0

    def _refuse(self, error: State) -> None:
        if not self.live.done():
            self.live.set_exception(ConnectionError(f"hello was refused: {error.code}: {error.message}"))
        self._put_off(error.code)

    def _put_off(self, why: str) -> None:
        self._tally.refusals[why] += 1
        self._refused += 1
        if self._refused >= PATIENCE:
            self._going = False
        asyncio.get_running_loop().call_later(RETRY_S, self._again)

    def _again(self) -> None:
        self._command = ""
        self._speak()

    def _lose(self, why: str) -> None:
        if not self.live.done():
            self.live.set_exception(ConnectionError(f"the socket closed before it was live: {why}"))
        if self._going:
            self._tally.lost[why] += 1
        self._going = False
