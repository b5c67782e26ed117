"""Make a program that shows a divergence as small as it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.otp.program import BURSTS, DATA, ENTER_RULES, INIT, RULES, STATE_ENTER, Program

#: Candidates tried in one go: one round trip to the Erlang VM.
BATCH = 64


def shrink(program: Program, diverging: Callable[[Sequence[Program]], list[bool]]) -> Program:
    """The smallest program reached by leaving parts out while ``diverging`` holds."""
    while True:
        smaller = _first(program, diverging)
        if smaller is None:
            return program
        program = smaller


def _first(program: Program, diverging: Callable[[Sequence[Program]], list[bool]]) -> Program | None:
    batch: list[Program] = []
    for candidate in simpler(program):
        batch.append(candidate)
        if len(batch) == BATCH:
            if (found := _pick(batch, diverging)) is not None:
                return found
            batch = []
    return _pick(batch, diverging) if batch else None


def _pick(batch: list[Program], diverging: Callable[[Sequence[Program]], list[bool]]) -> Program | None:
    return next((p for p, still in zip(batch, diverging(batch), strict=True) if still), None)


def simpler(program: Program) -> Iterator[Program]:
    """Every program with one part less, the boldest cuts first."""
    for part in (BURSTS, RULES, ENTER_RULES, INIT):
        for shorter in without(program[part]):
            yield replaced(program, part, shorter)
    for number, burst in enumerate(program[BURSTS]):
        for shorter in without(burst):
            yield replaced(program, BURSTS, with_item(program[BURSTS], number, shorter))
    for part in (RULES, ENTER_RULES):
        for number, rule in enumerate(program[part]):
            for results in simpler_results(rule[-1]):
                yield replaced(program, part, with_item(program[part], number, [*rule[:-1], results]))
    if program[STATE_ENTER]:
        yield replaced(program, STATE_ENTER, False)
    if program[DATA]:
        yield replaced(program, DATA, 0)


def simpler_results(results: list[Any]) -> Iterator[list[Any]]:
    if len(results) > 1:
        yield from ([result] for result in results)
    for number, result in enumerate(results):
        for simple in simpler_result(result):
            yield with_item(results, number, simple)


def simpler_result(result: list[Any]) -> Iterator[list[Any]]:
    match result:
        case ["throw", thrown]:
            yield thrown
        case ["next" | "keep" | "repeat" | "stop" as kind, *middle, data, actions]:
            if data is not None:
                yield [kind, *middle, None, actions]
            if actions and actions[0] == "lone":
                yield [kind, *middle, data, []]
            else:
                for shorter in without(actions):
                    yield [kind, *middle, data, shorter]


def without(items: list[Any]) -> Iterator[list[Any]]:
    """The list without one stretch of it: halves, then quarters, down to single items."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield items[:start] + items[start + size :]
        size //= 2


def with_item(items: list[Any], number: int, item: Any) -> list[Any]:
    return [*items[:number], item, *items[number + 1 :]]


def replaced(program: Program, part: int, value: Any) -> Program:
    return with_item(program, part, value)
