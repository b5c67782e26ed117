"""A small language for machine programs, and a seeded generator of random ones.

A program is plain JSON, so that it can be stored, shrunk and sent to Erlang without loss::

    program  = [state_enter, cap, state, data, actions, rules, enter_rules, bursts]
    rules    = [[id, state, [result, …]], …]     what the callback does with event `id` in `state`
    enter_rules = [[state, [result, …]], …]      what it does in the enter call of `state`
    bursts   = [[event, …], …]                   each handed over while the machine is suspended

    event    = ["cast", id] | ["info", id] | ["call", id, slot] | ["expire", key]
    result   = ["next", state, data, actions] | ["keep", data, actions] | ["repeat", data, actions]
             | ["stop", reason, data, replies] | ["throw", result] | ["boom"] | ["bad", n]
    action   = ["postpone", bool] | ["next", type, id] | ["reply", slot, value] | ["hibernate"] | ["bare", ms]
             | ["timeout", key, "cancel" | "infinity"] | ["timeout", key, "update", id]
             | ["timeout", key, ms, id] | ["timeout", key, "abs", ms, id] | ["bad", n]
    actions  = [action, …] | ["lone", action]
    key      = "state" | "event" | name of a named time-out

Of several results for one event and state the one at ``data % len(results)`` counts: the callback stays a function of
its arguments, and wrong data shows. An event without a rule keeps state and data; null data means "unchanged". A
callback that has run ``cap`` times ends the program (about one random program in twenty-five never ends by itself).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, TypeAlias

Program: TypeAlias = list[Any]

#: Positions of a program's parts.
STATE_ENTER, CAP, STATE, DATA, INIT, RULES, ENTER_RULES, BURSTS = range(8)

STATES = ("a", "b", "c")
KEYS = ("state", "event", "x", "y")
CALLBACK_CAP = 200
#: Shortest running time-out, in milliseconds: no program lasts that long, so none fires by itself.
LONG_MS = 50_000_000


@dataclass(frozen=True, slots=True)
class Mood:
    """What one program is made of; drawn for each program, so that rare things come in crowds."""

    events: int
    #: Inserted events and time-outs carry ids from ``events`` up to here.
    ids: int
    #: Which time-outs this program starts with 0 ms; the others run until they are expired. OTP 25 leaks a running
    #: time-out started over a pending zero one of the same key (S35), so a key is seldom both.
    zero: frozenset[str]
    #: Chance of a result that ends the machine.
    end: float
    #: Chance that an inserted event may be an older one, so that the program can go in circles.
    circle: float
    postpone: float


def random_program(rng: random.Random, events: int) -> Program:
    """One program with ``events`` events from outside."""
    mood = Mood(
        events=events,
        ids=events + rng.choice((10, 25, 40)),
        zero=frozenset(key for key in KEYS if rng.random() < 0.5),
        end=rng.choice((0.0, 0.0, 0.005, 0.03)),
        circle=rng.choice((0.0, 0.0, 0.0, 0.1)),
        postpone=rng.choice((0.05, 0.1, 0.25)),
    )
    state_enter = rng.random() < 0.6
    density = rng.choice((0.4, 0.7, 0.95))
    rules = [
        [number, state, [_result(rng, mood, number) for _ in range(1 if rng.random() < 0.8 else 2)]]
        for number in range(mood.ids)
        for state in STATES
        if rng.random() < density
    ]
    enter_rules = [
        [state, [_enter_result(rng, mood, state) for _ in range(rng.choice((1, 1, 2, 3)))]]
        for state in STATES
        if state_enter and rng.random() < 0.7
    ]
    init = [_action(rng, mood, -1) for _ in range(rng.choice((0, 0, 1, 2)))]
    return [
        state_enter,
        CALLBACK_CAP,
        rng.choice(STATES),
        rng.randrange(6),
        init,
        rules,
        enter_rules,
        _bursts(rng, mood),
    ]


def _bursts(rng: random.Random, mood: Mood) -> list[Any]:
    bursts: list[Any] = []
    longest = rng.choice((1, 3, 6))
    number = 0
    while number < mood.events:
        burst: list[Any] = []
        for _ in range(min(rng.randint(1, longest), mood.events - number)):
            if rng.random() < 0.15:
                burst.append(["expire", rng.choice(KEYS)])
            kind = rng.choice(("cast", "cast", "call", "info"))
            burst.append([kind, number, number] if kind == "call" else [kind, number])
            number += 1
        bursts.append(burst)
        if rng.random() < 0.25:
            bursts.append([["expire", key] for key in rng.sample(KEYS, rng.randint(1, 3))])
    return bursts


def _result(rng: random.Random, mood: Mood, number: int) -> list[Any]:
    draw = rng.random()
    if draw < mood.end:
        return rng.choice(
            (
                ["stop", rng.choice(("normal", "shutdown", "finished")), _data(rng), []],
                ["stop", rng.choice(("normal", "shutdown", "finished")), _data(rng), _replies(rng, mood)],
                ["boom"],
                ["bad", rng.randrange(3)],
                ["keep", _data(rng), [_action(rng, mood, number), ["bad", rng.randrange(7)]]],
                ["throw", ["bad", rng.randrange(3)]],
                ["stop", "finished", None, [["reply", 0, 1], ["bad", 3]]],
            )
        )
    count = rng.choices((0, 1, 2, 3, 4), (25, 38, 22, 10, 5))[0]
    actions: list[Any] = [_action(rng, mood, number) for _ in range(count)]
    if count == 1 and rng.random() < 0.3:
        actions = ["lone", actions[0]]
    draw = rng.random()
    if draw < 0.45 and rng.random() < 0.7:
        # A postponed event that changes the state comes back at once; too many of them only spin.
        actions = [a for a in actions if a not in (["postpone", True], "lone")]
    result = (
        ["next", rng.choice(STATES), _data(rng), actions]
        if draw < 0.45
        else ["repeat", _data(rng), actions]
        if draw < 0.6
        else ["keep", _data(rng), actions]
    )
    return ["throw", result] if rng.random() < 0.05 else result


def _enter_result(rng: random.Random, mood: Mood, state: str) -> list[Any]:
    if rng.random() < mood.end:
        return rng.choice(
            (
                ["stop", "finished", _data(rng), _replies(rng, mood)],
                ["next", rng.choice(STATES), _data(rng), []],
                ["keep", None, [["postpone", True]]],
                ["keep", None, [["reply", 0, 1], ["next", "internal", 0]]],
                ["keep", None, [["bad", rng.randrange(7)]]],
                ["bad", rng.randrange(3)],
                ["boom"],
            )
        )
    # A time-out set here mostly has no rule: a zero one that changes the state would set itself again, for ever.
    actions = [_enter_action(rng, mood, mood.ids - 1) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    draw = rng.random()
    if draw < 0.1:
        return ["next", state, _data(rng), actions]
    return ["repeat" if draw < 0.25 else "keep", rng.randrange(6) if draw < 0.25 else _data(rng), actions]


def _data(rng: random.Random) -> int | None:
    return None if rng.random() < 0.6 else rng.randrange(6)


def _replies(rng: random.Random, mood: Mood) -> list[Any]:
    return [["reply", rng.randrange(mood.events), rng.randrange(100)] for _ in range(rng.randint(1, 2))]


def _id(rng: random.Random, mood: Mood, number: int) -> int:
    """Mostly an id greater than that of the event at hand, so that most programs come to an end."""
    if rng.random() < mood.circle:
        return rng.randrange(mood.ids)
    return rng.randrange(max(number + 1, mood.events), mood.ids + 1)


def _action(rng: random.Random, mood: Mood, number: int) -> list[Any]:
    draw = rng.random()
    if draw < mood.postpone:
        return ["postpone", rng.random() < 0.9]
    if draw < mood.postpone + 0.15:
        kind: Any = rng.choice(("internal", "internal", "cast", "info", "timeout", "state_timeout", "call", "named"))
        if kind == "call":
            kind = ["call", rng.randrange(mood.events)]
        elif kind == "named":
            kind = ["named", rng.choice(("x", "y"))]
        return ["next", kind, _id(rng, mood, number)]
    return _enter_action(rng, mood, number)


def _enter_action(rng: random.Random, mood: Mood, number: int) -> list[Any]:
    draw = rng.random()
    if draw < 0.05:
        return ["postpone", False]
    if draw < 0.07:
        return ["hibernate"]
    if draw < 0.25:
        return ["reply", rng.randrange(mood.events), rng.randrange(100)]
    if draw < 0.27:
        return ["bare", 0 if "event" in mood.zero else LONG_MS + rng.randrange(1000)]
    key = rng.choice(KEYS)
    content = _id(rng, mood, number)
    draw = rng.random()
    if draw < 0.12:
        return ["timeout", key, rng.choice(("cancel", "infinity"))]
    if draw < 0.27:
        return ["timeout", key, "update", content]
    if (key in mood.zero) is (rng.random() < 0.98):
        return ["timeout", key, 0, content]
    return ["timeout", key, *(("abs",) if draw < 0.35 else ()), LONG_MS + rng.randrange(1000), content]
