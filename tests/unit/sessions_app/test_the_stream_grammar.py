"""The grammar checker finds each kind of broken stream, and takes every right one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import pytest

from sessions_app.stream_grammar import Frame, GrammarError, SocketGrammar, Stream
from tutor.interactions import KINDS

STATES = frozenset({"idle", "awaiting_tool_result"})


class Script:
    """Frames of one socket, one after the other, as a server sends them."""

    def __init__(self, **options: Any) -> None:
        self.stream = Stream(machine_states=STATES, **options)
        self.socket = SocketGrammar(self.stream)
        self._seq = 0

    def reconnect(self) -> Self:
        self.socket = SocketGrammar(self.stream)
        return self

    def frame(self, t: str, d: dict[str, Any], *, turn: str | None = None, cause: str | None = None) -> Frame:
        at = f"2026-01-01T00:00:{self._seq % 60:02}.000Z"
        return {"t": t, "sid": "s", "at": at, "turn": turn, "cause": cause, "d": d}

    def raw(self, frame: object) -> Self:
        self.socket.received(frame)
        return self

    def say(self, t: str, d: dict[str, Any], *, turn: str | None = None, cause: str | None = None) -> Self:
        return self.raw(self.frame(t, d, turn=turn, cause=cause))

    def event(self, t: str, turn: str | None = None, cause: str | None = None, **d: Any) -> Self:
        self._seq += 2
        return self.raw({**self.frame(t, d, turn=turn, cause=cause), "seq": self._seq})

    def sent(self, command: str) -> Self:
        self.socket.sent(command)
        return self

    def ok(self) -> Self:
        return self.say("ok", {"seq": 2, "disposition": "started", "duplicate": False}, cause="m1")

    def pong(self) -> Self:
        return self.say("pong", {"head": 0, "off": 0, "at": "2026-01-01T00:00:00Z"}, cause="p")

    def changed(self, before: str, after: str) -> Self:
        return self.event("state.changed", **{"from": before, "to": after, "why": ""})

    def begin(self, turn: str = "t1", cause: str | None = "m1") -> Self:
        return self.event("turn.started", turn, cause, by="learner", attempt=1)

    def end(self, turn: str = "t1") -> Self:
        return self.event("turn.finished", turn, outcome="completed")

    def text(self, off: int, text: str, attempt: int = 1, turn: str = "t1") -> Self:
        return self.say("output.delta", {"attempt": attempt, "off": off, "text": text}, turn=turn)

    def committed(self, text: str, attempt: int | None = 1, turn: str = "t1") -> Self:
        d: dict[str, Any] = {"text": text, "html": text, "partial": False, "len": len(text), "attempt": attempt}
        return self.event("output.committed", turn, **d)

    def call(self, ref: str = "c1", turn: str = "t1") -> Self:
        return self.event("tool.requested", turn, call=ref, name="echo", group=None)

    def ended(self, ref: str = "c1", turn: str = "t1") -> Self:
        return self.event("tool.cancelled", turn, call=ref, name="echo", attempts=1)

    def queued(self, command: str) -> Self:
        return self.event("message.queued", None, command, text="hi")


def test_a_whole_turn_is_right() -> None:
    script = Script()
    script.socket.sent("m1")
    script.event("message.accepted", "t1", "m1", text="hi", disposition="started")
    script.begin()
    script.event("state.changed", "t1", "m1", **{"from": "idle", "to": "awaiting_tool_result", "why": ""})
    script.call()
    script.say("ok", {"seq": 2, "disposition": "started", "duplicate": False, "turn": "t1"}, cause="m1")
    script.text(0, "one ")
    script.text(4, "𝑥wo")
    script.ended()
    script.committed("one 𝑥wo")
    script.end()

    script.stream.demand_quiet()
    assert len(script.stream.events) == 7


def test_a_line_that_was_cut_in_the_text_is_taken_up() -> None:
    script = Script()
    script.begin()
    script.text(0, "one two")
    script.reconnect()
    script.text(4, "two three")
    script.reconnect()
    script.committed("one two three four")
    script.end()


def test_a_window_that_came_late_knows_only_the_end_of_the_text() -> None:
    script = Script(whole=False)
    script.text(8, "three")
    script.committed("one two three")
    script.event("tool.cancelled", "t0", call="c0", name="echo", attempts=1)
    script.end()


def test_an_erased_event_is_an_event() -> None:
    script = Script()
    script.event("output.committed", None, erased=True)

    assert script.stream.last_seq == 2


def test_after_a_rewind_the_state_is_another() -> None:
    script = Script()
    script.event("state.changed", **{"from": "idle", "to": "awaiting_tool_result", "why": ""})
    script.event("session.rewound", to=1, state="idle", actor="ada")
    script.event("state.changed", **{"from": "idle", "to": "awaiting_tool_result", "why": ""})


def test_what_waited_is_known_to_have_ended() -> None:
    script = Script()
    for command in ("m1", "m2"):
        script.event("message.queued", None, command, text="hi")
    assert script.stream.waiting == {"m1", "m2"}
    script.begin(cause="m1")
    script.event("message.removed", command="m2", why="asked")

    assert not script.stream.waiting
    assert dict(script.stream.waited) == {"m1": "started", "m2": "removed"}


def test_memory_is_bounded_where_events_are_not_kept() -> None:
    script = Script(keep=False)
    for number in range(3_000):
        script.begin(f"t{number}", f"m{number}")
        script.end(f"t{number}")

    stream = script.stream
    assert not stream.events
    assert max(len(known) for known in (stream.finished_turns, stream.caused, stream.ended_calls)) <= 1_000


BROKEN: dict[str, Callable[[Script], object]] = {
    "a seq of nothing": lambda s: s.raw({**s.frame("message.queued", {"text": "x"}), "seq": 0}),
    "a seq that came": lambda s: s.begin().raw({**s.frame("message.queued", {"text": "x"}), "seq": 2}),
    "another envelope": lambda s: s.raw({**s.frame("live", {"head": 0}), "more": 1}),
    "no time": lambda s: s.raw({**s.frame("live", {"head": 0}), "at": "now"}),
    "no object": lambda s: s.raw([]),
    "a field is missing": lambda s: s.say("live", {}),
    "a field of another type": lambda s: s.begin().event("turn.finished", "t1", outcome="splendid"),
    "a turn starts twice": lambda s: s.begin().begin(),
    "a turn ends that never began": lambda s: s.end(),
    "something after the end of a turn": lambda s: s.begin().end().call(),
    "a turn ends with an open call": lambda s: s.begin().call().end(),
    "a call is asked for twice": lambda s: s.begin().call().call(),
    "a call ends twice": lambda s: s.begin().call().ended().ended(),
    "a call ends that nobody asked for": lambda s: s.begin().ended(),
    "an unknown state": lambda s: s.changed("idle", "lost"),
    "a state is left that was not entered": lambda s: s.changed("idle", "awaiting_tool_result").changed("idle", "idle"),
    "a kind that is not for learners": lambda s: s.event(
        "tool.resolved", call="c", name="n", decision="skip", actor="a"
    ),
    "text of no turn": lambda s: s.text(0, "hi"),
    "text leaves a gap": lambda s: s.begin().text(0, "one").text(5, "two"),
    "text is told again": lambda s: s.begin().text(0, "one").text(0, "one"),
    "text told again is another": lambda s: s.begin().text(0, "one").reconnect().text(0, "two and"),
    "another attempt without a reset": lambda s: s.begin().text(0, "one").text(0, "one", attempt=2),
    "text after its commit": lambda s: s.begin().text(0, "one").committed("one").text(3, "two"),
    "another text is committed": lambda s: s.begin().text(0, "one").committed("two"),
    "less is committed than was shown": lambda s: s.begin().text(0, "one two").committed("one"),
    "an attempt goes back": lambda s: (
        s.begin().text(0, "one", attempt=2).say("output.reset", {"attempt": 1}, turn="t1")
    ),
    "a length that is none": lambda s: s.event(
        "output.committed", None, text="one", html="", partial=False, len=5, attempt=None
    ),
    "a message waits twice": lambda s: s.queued("m1").queued("m1"),
    "what waited ends twice": lambda s: (
        s.queued("m1").begin(cause="m1").event("message.removed", command="m1", why="asked")
    ),
    "a reply to nothing": lambda s: s.ok(),
    "a reply twice": lambda s: s.sent("p").pong().pong(),
    "a reply before its event": lambda s: s.sent("m1").ok(),
    "an event of a commit after its reply": lambda s: (
        s.sent("m1").begin().ok().raw({**s.frame("message.removed", {"command": "x", "why": ""}, cause="m1"), "seq": 9})
    ),
    "live twice": lambda s: s.say("live", {"head": 0}).say("live", {"head": 0}),
    "live too early": lambda s: s.begin().say("live", {"head": 1}),
    "an error code of its own": lambda s: s.say("err", {"code": "oops", "message": "", "retry": "never", "detail": {}}),
}


@pytest.mark.parametrize("play", BROKEN.values(), ids=BROKEN)
def test_a_broken_stream_is_found(play: Callable[[Script], object]) -> None:
    with pytest.raises(GrammarError):
        play(Script())


def test_an_operator_sees_all_kinds() -> None:
    script = Script(kinds=frozenset(KINDS))
    script.event("tool.resolved", call="c", name="n", decision="skip", actor="a")
