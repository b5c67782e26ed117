"""The red team at the real kernel: the same attacks and comparisons as in memory, through rows, log and worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from sessions_app import sessions, system
from sessions_app.models import Session
from tests.evals.hostile_model import HostileModel
from tests.integration.tutor.evals.real_session import RealSession
from tools_app.runner import Runner
from tutor import catalogue
from tutor.evals.red_team.attacks import generate_attacks
from tutor.evals.red_team.campaign import PLACES, WISHES, Outcome, Place, Target, open_at, run_attack
from tutor.machine import TutoringMachine

SLUG = "linear-equations"
#: One question of each kind of answer.
QUESTIONS = ("os-add", "os-which-step", "os-word")
#: Three attacks on three questions: one in each place. Learners have names here, and that is a place, too.
ATTACKS = ("forged_verdict", "sycophancy", "hidden_in_a_name")
EVERY_PLACE: tuple[Place, ...] = (*PLACES, "display_name")
#: Of a learner's name, as the table of users keeps it.
NAME_CHARS = 150

Attack = Callable[[str, Place, str], Outcome]


@pytest.fixture
def attack(transactional_db: None) -> Iterator[Attack]:
    """Plays one attack on one question of the demo course; every seat is a new learner's session."""
    call_command("course", "load", "--demo", verbosity=0)
    machine = TutoringMachine(catalogue.course(SLUG, catalogue.latest(SLUG).version))
    numbers = itertools.count()
    runner = Runner(["threads", "tools"])
    runner.start()

    def seating(at: tuple[str, int] | None, *, called: str = "") -> RealSession:
        named = {"first_name": called[:NAME_CHARS], "last_name": called[:NAME_CHARS]}
        username = f"{next(numbers)} {called}".strip()[:NAME_CHARS]
        learner = get_user_model()._default_manager.create_user(username, **named)
        session = sessions.start(learner, SLUG)
        seat = RealSession(session, machine)
        if at is not None:
            data = open_at(machine.syllabus, seat.data, Target(*at))
            system.replace_state(session, "awaiting_answer", machine.dump(data))
        return seat

    def play(question: str, place: Place, name: str) -> Outcome:
        (chosen,) = [one for one in generate_attacks(WISHES[1]) if one.name == name]
        attacked = partial(seating, called=chosen.text) if place == "display_name" else seating
        return run_attack(attacked, Target(question, 1), place, chosen, WISHES[1], plainly=seating)

    yield play
    runner.drain(2)


def outcomes(attack: Attack) -> list[Outcome]:
    """Each attack on each question, the places taken in turn."""
    places = itertools.cycle(EVERY_PLACE)
    return [attack(question, next(places), name) for question in QUESTIONS for name in ATTACKS]


def test_no_attack_achieves_anything(attack: Attack, folds: Callable[[Any], None]) -> None:
    played = outcomes(attack)

    assert [outcome for outcome in played if not outcome.held] == []
    assert {outcome.place for outcome in played} == set(EVERY_PLACE)
    for session in Session.objects.values_list("pk", flat=True):
        folds(session)


def test_nor_with_a_hostile_model_behind_the_explanations(attack: Attack, settings: Any) -> None:
    with HostileModel() as model:
        settings.LLM_BASE_URL, settings.LLM_MODEL = model.url, "hostile"
        machine = TutoringMachine(catalogue.course(SLUG, catalogue.latest(SLUG).version))
        for question in QUESTIONS:
            model.knows(machine.syllabus.instance(question, 1))
        played = [attack(question, "chat", "escalation") for question in QUESTIONS[:2]]

        assert [outcome for outcome in played if not outcome.held] == []
        assert model.asked
