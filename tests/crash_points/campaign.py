"""Runs scripts unharmed, then kills them: once at every passage of every point, or as often as asked, by the dice."""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sessions_app import conf, crash_points
from tests.crash_points import forked, outcome
from tests.crash_points.forked import Tell
from tests.crash_points.process import Process
from tests.crash_points.scripts import Script

#: Points passed by threads of their own; the child waits for them at its end, in seconds.
_BY_THREADS = frozenset({"announce.before", "announce.sent"})
_THREADS_S = 0.05

Passage = tuple[str, int]


@dataclass(slots=True)
class Lived:
    """The run that nobody killed."""

    script: Script
    passages: Counter[str]
    frames: dict[int, dict[str, Any]]
    left: dict[str, Any]

    @property
    def all_passages(self) -> list[Passage]:
        return [(point, n) for point in crash_points.POINTS for n in range(1, self.passages[point] + 1)]


@dataclass(slots=True)
class Case:
    """One run that was killed, and what differs."""

    script: Script
    kills: list[Passage]
    #: Kills that happened: a thread may be too late to pass its point.
    killed: int = 0
    difference: str | None = None

    def __str__(self) -> str:
        kills = ", then ".join(f"{point}:{n}" for point, n in self.kills)
        return f"{self.script.machine}: {self.script.name}, killed at {kills}"


@dataclass(slots=True)
class _Run:
    """A script on its way, over the deaths of its processes."""

    script: Script
    learner: int
    frames: dict[int, dict[str, Any]] = field(default_factory=dict)
    next_step: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    passages: dict[str, int] = field(default_factory=dict)
    left: dict[str, Any] = field(default_factory=dict)

    def go_on(self, kill: Passage | None, *, recovering: bool) -> bool:
        """Another process. True: it was killed."""

        def job(tell: Tell) -> None:
            conf.WAKES_EVERY_S = 0.0  # each announcement is a passage
            passages = crash_points.count() if kill is None else Counter()
            if kill is not None:
                crash_points.arm(*kill)
            process = Process(self.script, self.learner, self.frames)
            if recovering:
                process.recover()
            process.play(self.next_step, lambda number: tell({"step": number, "answer": process.answers.get(number)}))
            time.sleep(_THREADS_S if kill is None or kill[0] in _BY_THREADS else 0)
            crash_points.disarm()
            left = outcome.of(process.session)
            frames = {str(number): frame for number, frame in process.frames.items()}
            tell({"left": left, "frames": frames, "passages": passages})

        ended = forked.run(job)
        for said in ended.said:
            if "step" in said:
                self.next_step = said["step"] + 1
                if said["answer"] is not None:
                    self.answers[str(said["step"])] = said["answer"]
            else:
                self.left = {**said["left"], "answers": self.answers}
                self.frames = {int(number): frame for number, frame in said["frames"].items()}
                self.passages = said["passages"]
        return ended.killed


def new_learner() -> int:
    """A learner for one run."""

    def job(tell: Tell) -> None:
        from django.contrib.auth import get_user_model

        tell(get_user_model()._default_manager.create(username=secrets.token_hex(8)).pk)

    key: int = forked.run(job).said[0]
    return key


def lived(script: Script) -> Lived:
    """Play a script without killing anybody. Raises ``AssertionError`` where even that does not verify."""
    run = _Run(script, new_learner())
    try:
        run.go_on(None, recovering=False)
    except RuntimeError as error:
        raise AssertionError(f"{script.machine}: {script.name}: fails by itself: {error}") from None
    assert not run.left["divergences"], run.left["divergences"]
    return Lived(script, Counter(run.passages), run.frames, run.left)


def case(alive: Lived, kills: list[Passage]) -> Case:
    """Play it again, killed at these passages, one process after the other, and compare."""
    result = Case(alive.script, kills)
    run = _Run(alive.script, new_learner(), dict(alive.frames))
    waiting, recovering = list(kills), False
    while True:
        kill = waiting.pop(0) if waiting else None
        try:
            if not run.go_on(kill, recovering=recovering):
                break
        except RuntimeError as error:
            result.difference = f"after {result.killed} deaths: {error}"
            return result
        result.killed += 1
        recovering = True
    result.difference = outcome.difference(alive.left, run.left)
    return result


def every_passage(alive: list[Lived]) -> Iterator[tuple[Lived, list[Passage]]]:
    """One kill at each passage of each point of each script."""
    for one in alive:
        for passage in one.all_passages:
            yield one, [passage]


def some_passages(alive: list[Lived], count: int, seed: int) -> list[tuple[Lived, list[Passage]]]:
    """That many kills, by the dice; every point comes first once, as far as the number reaches."""
    random_ = random.Random(seed)
    everything = list(every_passage(alive))
    random_.shuffle(everything)
    seen: set[str] = set()
    first: list[tuple[Lived, list[Passage]]] = []
    rest: list[tuple[Lived, list[Passage]]] = []
    for one, kills in everything:
        (first if kills[0][0] not in seen else rest).append((one, kills))
        seen.add(kills[0][0])
    return [*first, *rest][:count]


def killed_twice(alive: list[Lived], count: int, seed: int) -> Iterator[tuple[Lived, list[Passage]]]:
    """Runs whose recovering process is killed, too. Three attempts of a call survive two deaths, not more."""
    random_ = random.Random(seed)
    calm = [one for one in alive if not {"lose", "late"} & {step.verb for step in one.script.steps}]
    calm = [one for one in calm if one.script.name != "a call of a tool that fails once"]
    for _ in range(count):
        one = random_.choice(calm)
        yield one, [random_.choice(one.all_passages), (random_.choice(one.all_passages)[0], random_.randint(1, 3))]
