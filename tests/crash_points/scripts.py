"""What happens in a session, as data: each script is a list of steps, each step safe to begin again after a crash."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["learner", "teacher", "operator"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. What it does is said by ``tests.crash_points.process``."""

    verb: str
    #: For ``send``: the command's name and body.
    t: str = ""
    d: dict[str, Any] = field(default_factory=dict)
    role: Role = "learner"


@dataclass(frozen=True, slots=True)
class Script:
    """A session's life. ``machine`` is also the course's name but for the tutor."""

    name: str
    machine: str
    steps: tuple[Step, ...]


def _send(t: str, role: Role = "learner", **d: Any) -> Step:
    return Step("send", t, d, role)


def _say(text: str, **d: Any) -> Step:
    return _send("message.send", text=text, **d)


_START = Step("start")
#: Run every call until none is open.
_WORK = Step("work")
#: Let due time-outs fire.
_FIRE = Step("fire")
#: Another worker takes the calls and dies.
_LOSE = Step("lose")
#: The calls' deadlines pass.
_OVERDUE = Step("overdue")
#: A worker takes the calls and is stopped.
_DRAIN = Step("drain")
#: Every result arrives twice.
_TWICE = Step("twice")
#: A worker runs the calls while the monitor takes them for lost: its results come too late.
_LATE = Step("late")
#: The session's observers look.
_OBSERVE = Step("observe")
_SUSPEND = Step("suspend")
_RESUME = Step("resume")
_REPLACE = Step("replace")
_RESTART = Step("restart")

#: Another process sends an event without asking, or asks and waits for the reply.
_CAST = Step("cast")
_ASK = Step("ask")

_AFTER = _say("say:after")


def _scripted(name: str, *steps: Step) -> Script:
    return Script(name, "scripted", (_START, *steps, _AFTER))


SCRIPTED: tuple[Script, ...] = (
    _scripted("a message", _say("say:hello"), _say("go:b say:moved")),
    _scripted("inserted events", _say("say:one next:say:two_next:say:three go:b")),
    _scripted("a postponed message", _say("postpone say:late"), _say("say:kept"), _say("go:b say:now")),
    _scripted("two postponed messages", _say("postpone say:1"), _say("postpone say:2"), _say("go:b next:go:a")),
    _scripted("a crash of the machine", _say("crash")),
    _scripted("a crash after what it set off", _say("go:b say:kept next:crash")),
    _scripted("a machine that spins", _say("spin")),
    _scripted("a refused message", _say("refuse")),
    _scripted("a machine that stops", _say("named:tea:60000"), _say("stop")),
    _scripted("a call", _say("call"), _WORK),
    _scripted("a call of a tool that fails once", _say("tool:fails_once"), _WORK),
    _scripted("a call of a tool that always fails", _say("tool:always_fails"), _WORK),
    _scripted("a call answered offline", _say("tool:has_offline"), _WORK),
    _scripted("a call of no tool", _say("tool:nothing"), _WORK),
    _scripted("two calls", _say("call"), _WORK, _say("go:b call call"), _WORK),
    _scripted("a background call", _say("background"), _say("say:meanwhile"), _WORK),
    _scripted("a call and a cancel", _say("call"), _send("turn.cancel"), _WORK),
    _scripted("a call whose worker is lost", _say("call"), _LOSE, _WORK),
    _scripted("a call past its deadline", _say("call"), _OVERDUE),
    _scripted("a call whose worker is stopped", _say("call"), _DRAIN, _WORK),
    _scripted("a result that comes twice", _say("call"), _TWICE),
    _scripted("a result that comes too late", _say("call"), _LATE, _WORK),
    _scripted("a call in doubt", _say("tool:once"), _LOSE,
              _send("tool.resolve", "operator", call="c1", decision="skip"), _WORK),
    _scripted("a failed turn, tried again", _say("tool:always_fails"), _WORK, _send("turn.retry"), _WORK),
    _scripted("a message while a call runs", _say("call"), _say("say:meanwhile"), _WORK),
    _scripted("a hint request while a call runs", _say("call"), _send("hint.request"), _WORK),
    _scripted("a state time-out", _say("timer:1"), _FIRE),
    _scripted("a named time-out", _say("named:tea:1"), _FIRE),
    _scripted("two time-outs at once", _say("named:tea:1 named:egg:1"), _FIRE),
    _scripted("a zero time-out", _say("named:tea:0 say:first")),
    _scripted("a time-out pushed away", _say("named:tea:60000"), _say("named:tea:1"), _FIRE),
    _scripted("a cancelled time-out", _say("named:tea:60000"), _say("cancel:tea"), _FIRE),
    _scripted("a state time-out that dies with its state", _say("timer:60000"), _say("go:b"), _FIRE),
    _scripted("every other command", *(_send(t) for t in (
        "hint.request", "question.skip", "question.give_up", "answer.dispute", "continue", "session.pause",
        "session.resume")), _send("answer.submit", question="q", value="1")),
    _scripted("a change of policy", _send("policy.set", on_busy="queue"), _say("call"), _say("say:x"), _WORK),
    _scripted("a teacher's and an operator's command",
              _send("session.force_remediation", "teacher", known_error="x"),
              _send("session.reset", "operator", state="b")),
    _scripted("a suspended session", _say("named:tea:60000"), _SUSPEND, _say("say:waits"), _FIRE, _RESUME),
    _scripted("a result while suspended", _say("call"), _SUSPEND, _WORK, _RESUME),
    _scripted("a cancel while suspended", _say("call"), _SUSPEND, _send("turn.cancel"), _RESUME, _WORK),
    _scripted("a cast and a question", _CAST, _ASK, _CAST),
    _scripted("a restart", _say("go:b"), _say("postpone say:late"), _say("call"), _RESTART, _say("call"), _WORK),
    _scripted("a replaced state", _say("timer:60000"), _REPLACE),
    _scripted("a machine that crashes again and again", *(_say("go:b next:crash") for _ in range(5))),
    _scripted("closing", _say("named:tea:60000"), _send("session.close")),
    _scripted("closing while a call runs", _say("call"), _send("session.close"), _WORK),
)  # fmt: skip


def _echo(name: str, *steps: Step) -> Script:
    return Script(name, "echo", (_START, *steps, _say("goodbye"), _WORK))


ECHO: tuple[Script, ...] = (
    _echo("a turn", _say("hello"), _WORK),
    _echo("busy: reject", _say("one"), _say("two", on_busy="reject"), _WORK),
    _echo("busy: queue", _say("one"), _say("two", on_busy="queue"), _say("three", on_busy="queue"), _WORK),
    _echo("busy: queue is full", *(_say(f"say {n}", on_busy="queue") for n in range(6)), _WORK),
    _echo("busy: interrupt", _say("one"), _say("two", on_busy="interrupt"), _WORK),
    _echo("busy: merge", _say("one"), _say("two", on_busy="merge"), _say("three", on_busy="merge"), _WORK),
    _echo("busy: rollback", _say("one"), _say("two", on_busy="queue"), _say("three", on_busy="rollback"), _WORK),
    _echo("busy: remove", _say("one"), _say("two", on_busy="queue"), _send("queue.remove", command="command-2"), _WORK),
    _echo("a group of calls", _say("together one | two | three"), _WORK),
    _echo("a group and a cancel", _say("together one | two | three"), _send("turn.cancel"), _WORK),
    _echo("a group whose worker is lost", _say("together one | two | three"), _LOSE, _WORK),
    _echo("busy: cancel", _say("one"), _say("two", on_busy="queue"), _send("turn.cancel"), _WORK),
)

#: ``right``: whatever answers the open question; the run that lives works it out, the others send the same frame.
_RIGHT = Step("right")
_WRONG = _say("17 and a half")

LESSON = Script(
    "a short lesson", "tutoring",
    (
        _START, _send("continue"), _WORK, _send("continue"), _WORK, _send("continue"), _WORK, _say("why?"), _WORK,
        _send("continue"), _WORK, _RIGHT, _WORK, _WRONG, _WORK, _send("hint.request"), _WORK, _RIGHT, _WORK,
        _send("session.pause"), _send("session.resume"), _WORK, _RIGHT, _say("wait", on_busy="queue"), _WORK,
        _send("question.skip"), _WORK, _send("question.give_up"), _WORK, _send("question.give_up"), _WORK,
        _send("answer.dispute"), _WORK, _send("continue"), _WORK,
        _send("session.force_remediation", "teacher", known_error="repeats_operation"), _WORK,
        _send("session.close"), _WORK,
    ),
)  # fmt: skip

#: The same wrong answer twice is what an observer tells teachers of.
OBSERVED = Script(
    "an observed lesson", "tutoring",
    (
        _START, *((_send("continue"), _WORK) * 4), _WRONG, _WORK, _OBSERVE, _WRONG, _WORK, _OBSERVE, _RIGHT, _WORK,
        _OBSERVE, _send("session.close"), _WORK, _OBSERVE,
    ),
)  # fmt: skip

ALL: tuple[Script, ...] = (*SCRIPTED, *ECHO, LESSON, OBSERVED)
