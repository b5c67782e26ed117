"""What is wanted of the turn, as ratios within one run (the machine's speed cancels out)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tests.bench.programs import ECHO_TURN, FLOORS, TUTORING_TURN

#: What a naive stack of the same parts (Channels, Django's ORM, a Celery task a call) reached of the steps floor at 64
#: sessions when this project began: 49 of 563 turns/s.
NAIVE_OF_STEPS = 49 / 563


@dataclass(frozen=True, slots=True)
class Target:
    """``program``'s ``figure`` against ``base``'s, in the same round with as many sessions."""

    program: str
    base: str
    figure: str
    sessions: int
    bound: Literal["at least", "at most"]
    ratio: float

    @property
    def text(self) -> str:
        figure = {"turns_per_s": "turns/s", "p50_ms": "p50", "cpu_s_per_1000": "CPU a turn"}[self.figure]
        return f"{self.program}, {self.sessions}: {figure} {self.bound} {self.ratio} × {self.base}"

    def met(self, ratio: float) -> bool:
        return ratio >= self.ratio if self.bound == "at least" else ratio <= self.ratio


TARGETS = (
    *(
        target
        for sessions in (64, 256)
        for target in (
            Target(ECHO_TURN, FLOORS["steps"], "turns_per_s", sessions, "at least", 1.5),
            # 20 times the naive stack.
            Target(ECHO_TURN, FLOORS["steps"], "turns_per_s", sessions, "at least", round(20 * NAIVE_OF_STEPS, 2)),
            Target(ECHO_TURN, FLOORS["group"], "turns_per_s", sessions, "at least", 0.4),
        )
    ),
    Target(ECHO_TURN, FLOORS["steps"], "p50_ms", 1, "at most", 1.5),
    Target(ECHO_TURN, FLOORS["steps"], "cpu_s_per_1000", 64, "at most", 0.7),
    Target(TUTORING_TURN, ECHO_TURN, "turns_per_s", 64, "at least", 0.6),
)


def judge(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each target whose two programs were measured: its text, the ratio of the medians, whether it is met."""
    medians = {
        (entry["program"], entry["sessions"], name): entry[name]["median"]
        for entry in figures
        for name in ("turns_per_s", "p50_ms", "cpu_s_per_1000")
    }
    judged = []
    for target in TARGETS:
        own = medians.get((target.program, target.sessions, target.figure))
        base = medians.get((target.base, target.sessions, target.figure))
        if own is not None and base:
            bound = f"{target.bound} {target.ratio}"
            judged.append({"target": target.text, "bound": bound, "ratio": own / base, "met": target.met(own / base)})
    return judged
