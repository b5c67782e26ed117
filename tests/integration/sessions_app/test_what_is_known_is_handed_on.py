"""What is known of a learner goes from one session of a course to the next, and nowhere else."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from sessions_app import access, branching, log, opening, sessions
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from tests.integration.documented_lesson import (
    SKILL,
    answer,
    at_the_question,
    completed,
    published,
    right,
    send,
    state,
)
from tests.integration.sessions_app.test_sys_over_http import Caller, caller
from tutor import catalogue, events
from tutor.machine import TutoringMachine
from tutor.machine.data import TutoringData

Folds = Callable[[uuid.UUID], None]


@pytest.fixture(autouse=True)
def course(transactional_db: None) -> Iterator[None]:
    with published():
        yield


@pytest.fixture
def ada(learner: Any) -> Caller:
    return caller(learner)


def get(user: Any, path: str) -> Any:
    return Client().get(path, headers={"authorization": f"Bearer {access.issue_token(user)}"}).json()


def p_of(session: uuid.UUID) -> float:
    return float(Session.objects.get(pk=session).data[f"skills.{SKILL}"]["p"])


def test_a_completed_course_is_reviewed_in_a_new_session_that_is_linked_to_it(
    learner: Any, ada: Caller, folds: Folds
) -> None:
    first = completed(learner)
    status, d = ada(first, "session.review")

    review = Session.objects.get(pk=d["session"])
    assert (status, d["new"]) == (200, True)
    assert (review.previous_id, review.state) == (first, "awaiting_answer")
    assert p_of(review.pk) == p_of(first)
    assert not Session.objects.get(pk=first).live
    answer(review.pk, right(review.pk))
    assert state(review.pk) == "topic_complete"
    folds(first)
    folds(review.pk)


def test_the_same_wish_twice_is_one_review(learner: Any, ada: Caller) -> None:
    first = completed(learner)
    _, one = ada(first, "session.review", id="r1")
    _, two = ada(first, "session.review", id="r1")
    _, three = ada(first, "session.review")

    assert one["session"] == two["session"] == three["session"]
    assert Session.objects.filter(learner=learner).count() == 2


def test_a_review_that_was_asked_for_before_a_crash_is_begun_by_whoever_comes_next(learner: Any) -> None:
    first = completed(learner)
    send(first, events.ReviewRequested())  # and here the process dies
    second = sessions.start(learner, "adding")

    assert second != first
    assert state(second) == "awaiting_answer"


def test_over_http_a_review_is_a_field_of_the_same_call(learner: Any) -> None:
    first = completed(learner)
    token = access.issue_token(learner)
    answered = Client().post(
        "/api/sessions",
        json.dumps({"course": "adding", "review": True}),
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )

    assert answered.status_code == 201
    assert answered.json()["previous"] == str(first)


def test_a_lesson_that_goes_on_and_a_course_that_was_never_taken_are_not_reviewed(learner: Any, ada: Caller) -> None:
    session = at_the_question(learner)

    assert ada(session, "session.review")[1]["code"] == "invalid_transition"
    with pytest.raises(CommandError, match="nothing to review"):
        opening.start_review(learner, "plants")


def test_a_fork_hands_nothing_on_and_is_not_reviewed(learner: Any, ada: Caller) -> None:
    session = at_the_question(learner)
    answer(session, right(session))
    fork = branching.fork(session, Session.objects.get(pk=session).head, actor="ada", by="learner").session
    answer(fork, "0")
    send(session, events.EndRequested())
    again = sessions.start(learner, "adding")

    assert p_of(fork) < p_of(session) == p_of(again)
    assert ada(fork, "session.review")[1]["code"] == "invalid_transition"


def test_the_page_reads_mastery_reasons_and_the_next_review(learner: Any) -> None:
    session = completed(learner)
    (course,) = get(learner, "/api/courses")

    progress = course["progress"]
    assert (progress["session"], progress["live"], progress["state"]) == (str(session), True, "completed")
    assert (progress["mastered"], progress["taught"], progress["due"]) == (1, 1, 0)
    (skill,) = progress["skills"]
    assert skill["why"].startswith("3 of 3 right at the first attempt without help")
    assert progress["next_review"] == skill["next_review"] > "2026"
    assert get(learner, f"/api/sessions/{session}")["progress"]["skills"] == [
        {**skill, "remembered": pytest.approx(skill["remembered"], abs=0.01)}
    ]


def test_a_course_that_was_not_begun_has_no_progress_and_others_do_not_see_mine(
    learner: Any, django_user_model: Any
) -> None:
    at_the_question(learner)
    other = django_user_model.objects.create_user("ben")

    assert get(other, "/api/courses")[0]["progress"] is None
    assert get(other, "/api/sessions") == []


def test_a_learner_lists_their_sessions(learner: Any, ada: Caller) -> None:
    first = completed(learner)
    second = uuid.UUID(ada(first, "session.review")[1]["session"])
    fork = branching.fork(second, Session.objects.get(pk=second).head, actor="ada", by="learner").session

    listed = get(learner, "/api/sessions")
    assert [one["session"] for one in listed] == [str(fork), str(second), str(first)]
    assert [one["previous"] for one in listed] == [None, str(first), None]
    assert [one["parent"] for one in listed] == [str(second), None, None]
    assert [one["live"] for one in listed] == [True, True, False]


def test_an_estimate_is_contested_over_the_wire(learner: Any, ada: Caller) -> None:
    session = at_the_question(learner)
    status, d = ada(session, "progress.contest", claim="known", skill=SKILL)

    assert (status, d["disposition"]) == (200, "started")
    assert [e.fact.claim for e in log.read(session) if e.kind == "estimate.contested"] == ["known"]  # type: ignore[attr-defined]
    assert ada(session, "progress.contest", claim="known", skill="unheard_of")[1]["code"] == "invalid_transition"
    assert ada(session, "progress.contest", claim="whatever")[1]["code"] == "bad_request"


def test_what_cannot_be_read_does_not_keep_a_learner_from_beginning_anew(learner: Any) -> None:
    session = at_the_question(learner)
    send(session, events.EndRequested())
    Session.objects.filter(pk=session).update(data={"seed": "not a number"})

    assert state(sessions.start(learner, "adding")) == "exposition"


class OlderRelease(TutoringMachine):
    """A release that knew neither Elo, nor reviews, nor warm-ups."""

    def dump(self, data: TutoringData) -> dict[str, Any]:
        new = {"card", "rated", "ability", "since", "recent"}
        later = {"paused_at", "warm_up", "shelf", "wanted", "reviews", "revision", "revised", "wants_review"}
        return {
            key: {k: v for k, v in value.items() if k not in new} if key.startswith("skills.") else value
            for key, value in super().dump(data).items()
            if key not in later
        }


def older_release(args: dict[str, Any]) -> OlderRelease:
    return OlderRelease(catalogue.course(args["course"], args["version"]))


def test_a_row_of_an_older_release_is_taken_up_and_goes_on_as_its_log_tells(
    learner: Any, folds: Folds, settings: Any
) -> None:
    newer = settings.TUTOR_MACHINES
    settings.TUTOR_MACHINES = {**newer, "tutoring": f"{__name__}.older_release"}
    session = at_the_question(learner)
    assert "rated" not in Session.objects.get(pk=session).data[f"skills.{SKILL}"]
    settings.TUTOR_MACHINES = newer
    answer(session, right(session))

    data = Session.objects.get(pk=session).data
    assert (data[f"skills.{SKILL}"]["rated"], data["warm_up"]) == (1, False)
    folds(session)
