"""What teachers see of the questions of a course, counted from real sessions; and the one click to a known error."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app import question_statistics, server, sessions
from sessions_app.delivery import Delivery
from sessions_app.models import Session
from tests.integration.admin_visitors import learner, staff, words
from tests.unit.tutor.documented_course import documented_course
from tools_app.runner import Runner
from tutor import catalogue, drafts, events
from tutor.draws import parameters
from tutor.models import Course, CourseDraft
from tutor.publication import publish
from tutor.questions import find

pytestmark = pytest.mark.usefixtures("transactional_db")

TEACHER = (
    *("sessions_app.view_coursestatistics", "tutor.view_coursedraft", "tutor.add_coursedraft"),
    *("tutor.change_coursedraft", "tutor.view_courseversion"),
)
CONTENT = documented_course().course


@pytest.fixture
def course() -> Iterator[Course]:
    """The documented course, with a worker's runner in this process."""
    catalogue.course.cache_clear()
    publish(CONTENT)
    runner = Runner(["threads", "tools"])
    runner.start()
    yield Course.objects.get()
    runner.drain(2)


def at_the_question(name: str) -> uuid.UUID:
    session = sessions.start(learner(name), "adding")
    server.deliver(Delivery(session, events.ContinueRequested(), by="learner"))
    return session


def numbers(session: uuid.UUID) -> dict[str, int]:
    seed = Session.objects.get(pk=session).data["question"]["seed"]
    return parameters(find(CONTENT, "solve")[1], seed)


def answer(session: uuid.UUID, text: object) -> None:
    sessions.handle_user_message(session, str(text))
    until = time.monotonic() + 20
    while Session.objects.get(pk=session).state == "awaiting_tool_result":
        assert time.monotonic() < until
        time.sleep(0.02)


def six_learners_slip() -> None:
    for name in ("ada", "ben", "cleo", "dan", "eve", "fay"):
        session = at_the_question(name)
        drawn = numbers(session)
        answer(session, drawn["a"] * drawn["s"] + 1)


def page_of(course: Course) -> str:
    return f"/admin/sessions_app/coursestatistics/{course.pk}/change/"


def test_first_attempts_count_and_help_is_not_counted_as_right(course: Course) -> None:
    alone, helped, late = (at_the_question(name) for name in ("ada", "ben", "cleo"))
    answer(alone, numbers(alone)["s"])
    server.deliver(Delivery(helped, events.HintRequested(), by="learner"))
    answer(helped, numbers(helped)["s"])
    wrong = numbers(late)
    answer(late, wrong["s"] + 2 * wrong["a"])

    found = question_statistics.of_course("adding")["solve"]

    assert (found.answered, found.right_at_once, len(found.learners)) == (3, 1, 3)
    assert found.p_value == pytest.approx(1 / 3)
    assert found.known_errors == {"adds_again": 1}
    assert found.unexplained == []
    assert found.hints == 1


def test_an_answer_to_a_probe_is_none_to_the_question(course: Course) -> None:
    session = at_the_question("ada")
    drawn = numbers(session)
    answer(session, drawn["s"] + 2 * drawn["a"])
    answer(session, "add 8")

    assert question_statistics.of_course("adding")["solve"].attempts == 1


def test_what_several_learners_get_wrong_is_shown_as_one_slip(course: Course) -> None:
    six_learners_slip()
    teacher = staff("teacher", *TEACHER)

    shown = words(teacher.get(page_of(course)))

    assert "6 learners, 6 times" in shown
    assert "a * s + 1 for solve" in shown
    assert "0 %" in shown
    assert "None that so many learners gave" in words(teacher.get(page_of(course), {"learners": 7}))


def click(client: Any, course: Course, match: str, ref: str) -> Any:
    address = f"/admin/sessions_app/coursestatistics/{course.pk}/make-known/"
    return client.post(address, {"question": "solve", "match": match, "ref": ref}, follow=True)


def test_one_click_makes_it_a_known_error_in_a_draft(course: Course) -> None:
    shown = words(click(staff("teacher", *TEACHER), course, "a * s", "adds_again"))

    assert "Nothing: every rule is kept" in shown
    assert "~ question solve: errors, tests" in shown
    changed = drafts.source(CourseDraft.objects.get()).course
    assert find(changed, "solve")[1].errors[-1].match == "a * s"
    assert catalogue.latest("adding").version == 1


def test_a_new_known_error_tells_the_author_what_it_still_needs(course: Course) -> None:
    shown = words(click(staff("teacher", *TEACHER), course, "a * s", ""))

    assert "known error 'solve_slip_1' has no probe" in shown
    assert "there is nothing to treat it with" in shown


def test_what_does_not_fit_is_said_and_begins_nothing(course: Course) -> None:
    teacher = staff("teacher", *TEACHER)
    assert "has no known error 'nothing'" in words(click(teacher, course, "a * s", "nothing"))
    assert "needs the wrong answer" in words(click(teacher, course, " ", ""))
    assert not CourseDraft.objects.exists()


def test_learners_answers_are_for_those_who_may_see_them(course: Course) -> None:
    assert staff("author", "tutor.view_course", "tutor.add_coursedraft").get(page_of(course)).status_code == 403
    reader = staff("reader", "sessions_app.view_coursestatistics")
    assert "Make it a known error" not in words(reader.get(page_of(course)))
    assert click(reader, course, "a * s", "").status_code == 403
    assert reader.get("/admin/sessions_app/coursestatistics/").status_code == 200
