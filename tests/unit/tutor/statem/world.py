"""A scripted machine and the smallest world around it, as the Erlang probes had them.

Each event carries its own script: what to do in which state. The log says what the callbacks saw, in Erlang's words
(``{cast,p1,a}``: type, tag, state; ``{enter,a,b}``), so that it can be compared with what OTP printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tutor import statem
from tutor.statem import Action, Event, EventType, KeepState, Outcome, Result, Snapshot

Rule: TypeAlias = "Result | Callable[[Event, Any], Result]"
POSTPONE = KeepState(actions=(statem.Postpone(),))

PROBES = Path(__file__).parents[3] / "otp" / "probes_otp25.txt"


def recorded(label: str) -> list[str]:
    """The callbacks of one probe as OTP 25 printed them."""
    for probe in re.split(r"\n(?=\S)", PROBES.read_text()):
        name, _, printed = probe.partition(": ")
        if name == label or name.startswith(f"{label} "):
            return re.findall(r"\{(?:\{timeout,\w+\}|\w+),\w+,\w+\}", re.sub(r"\s", "", printed))
    raise LookupError(f"no probe {label!r} in {PROBES.name}")


@dataclass(frozen=True)
class Say:
    """Content with a tag for the log and a result for each state; "any" for the others."""

    tag: str
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Say) and self.tag == other.tag

    def __hash__(self) -> int:
        return hash(self.tag)


def say(tag: str, **rules: Rule) -> Say:
    return Say(tag, rules)


class Scripted:
    """The callback module."""

    states = frozenset("abcdefghkmyz")

    def __init__(self, *, enter: bool = False, **enter_rules: Rule) -> None:
        self.state_enter = enter or bool(enter_rules)
        self.enter_rules = enter_rules
        self.log: list[str] = []

    def handle(self, event: Event, state: str, data: Any) -> Result:
        content = event.content
        kind = f"{{timeout,{event.name}}}" if event.type is EventType.NAMED_TIMEOUT else event.type.value
        self.log.append(f"{{{kind},{content.tag if isinstance(content, Say) else content},{state}}}")
        rules = content.rules if isinstance(content, Say) else {}
        rule = self.enter_rules.get(state) if event.type is EventType.ENTER else rules.get(state, rules.get("any"))
        if rule is None:
            return KeepState()
        return rule(event, data) if callable(rule) else rule


class World:
    """Clock, mailbox and callers of one machine."""

    def __init__(self, machine: Scripted | None = None, state: str = "a", *actions: Action) -> None:
        self.machine = machine or Scripted()
        self.now = 0
        first = statem.start(self.machine, state, 0, actions, now=0)
        self.outcomes: list[Outcome] = [first]
        self.snapshot: Snapshot = first.after
        self.run(None)

    @property
    def log(self) -> list[str]:
        return self.machine.log

    @property
    def replies(self) -> list[tuple[str, Any]]:
        commands = [command for outcome in self.outcomes for command in outcome.commands]
        return [(command.caller, command.value) for command in commands if isinstance(command, statem.Reply)]

    @property
    def crash(self) -> BaseException | None:
        return self.outcomes[-1].crash

    def run(self, event: Event | None) -> None:
        for outcome in statem.run(self.machine, self.snapshot, event, self.now):
            self.outcomes.append(outcome)
            self.snapshot = outcome.after

    def cast(self, tag: str, **rules: Rule) -> None:
        self.run(Event(EventType.CAST, Say(tag, rules)))

    def info(self, content: Any) -> None:
        self.run(Event(EventType.INFO, content))

    def call(self, tag: str, caller: str, **rules: Rule) -> None:
        self.run(Event(EventType.CALL, Say(tag, rules), caller=caller))

    def wait(self, ms: int) -> None:
        """Let time pass; time-outs fire when they are due, one after the other."""
        until = self.now + ms
        while due := [(timer.due_ms, key) for key, timer in self.snapshot.timers.items() if timer.due_ms <= until]:
            self.now, key = min(due, key=lambda pair: pair[0])
            fired = statem.fire(self.snapshot, key, self.snapshot.timers[key].guard, self.now)
            assert fired
            event, self.snapshot = fired
            self.run(event)
        self.now = until
