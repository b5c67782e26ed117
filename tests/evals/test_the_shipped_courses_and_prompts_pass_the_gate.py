"""What every build has to pass: hints, explanations, verdicts, prompts, attacks and whole lessons of every course."""

from __future__ import annotations

from collections import Counter

import pytest

from tutor.evals import subject, suites
from tutor.evals.red_team.attacks import generate_attacks
from tutor.evals.red_team.campaign import PLACES
from tutor.evals.run import run


@pytest.mark.parametrize("slug", subject.shipped())
def test_no_violation(slug: str) -> None:
    entries = run(list(suites.gate(subject.course(slug))))

    assert suites.violations(entries) == []
    counted = Counter(entry.suite for entry in entries)
    assert all(counted[suite] for suite in ("hints", "explanations", "verdicts", "prompts", "red_team", "lessons"))


def test_the_gate_tries_every_attack_in_every_place() -> None:
    entries = run([task for task in suites.gate(subject.course("linear-equations")) if task.suite == "red_team"])

    tried = {(entry.labels["attack"], entry.labels["place"]) for entry in entries}
    assert tried == {(attack.name, place) for attack in generate_attacks("p") for place in PLACES}
    assert {entry.labels["format"] for entry in entries} == {"number", "choice", "short_text"}
