"""The first page: how far a learner is in each course, what is due for review, and what can be begun."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.admin_visitors import browser, words
from tests.integration.documented_lesson import SKILL, at_the_question, completed, published, send
from tutor import events


@pytest.fixture(autouse=True)
def course(transactional_db: None) -> Iterator[None]:
    with published():
        yield


def page(of: Any) -> str:
    return browser(of).get("/").content.decode()


def test_a_course_that_was_not_begun_says_nothing(learner: Any) -> None:
    assert "data-review" not in page(learner)
    assert "skill mastered" not in words(browser(learner).get("/"))


def test_while_a_lesson_goes_on_there_is_nothing_else_to_begin(learner: Any) -> None:
    at_the_question(learner)
    shown = words(browser(learner).get("/"))

    assert "0 of 1 skill mastered" in shown
    assert "Go on" in shown
    assert "data-review" not in page(learner)


def test_what_was_mastered_says_when_it_is_reviewed_and_can_be_reviewed_now(learner: Any) -> None:
    session = completed(learner)
    shown = page(learner)

    assert "1 of 1 skill mastered" in words(browser(learner).get("/"))
    assert "Next review:" in shown
    assert 'data-review="adding"' in shown
    assert f'href="/sessions/{session}/"' in shown, "to read again, without ending it"
    assert "Once more" not in shown, "where all is mastered, whatever is begun is a review"


def test_what_is_due_is_told_and_comes_before_another_round(learner: Any) -> None:
    send(completed(learner), events.EstimateContested(claim="unsure", skill=SKILL))
    shown = page(learner)

    assert "1 skill is due for review" in words(browser(learner).get("/"))
    assert 'class="button primary" data-review="adding"' in shown
    assert "Once more" in shown
