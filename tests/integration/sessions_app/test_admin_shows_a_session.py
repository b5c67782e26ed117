"""A session's page: what it is doing, what its learner knows, and its log; to each viewer what they may see."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from sessions_app import log, sessions
from sessions_app.admin import timeline
from sessions_app.models import Interaction, Session
from tests.integration.admin_visitors import LOOK, go_on, learner, lesson, lesson_with_question, operator, staff, words
from tutor.interactions import Visibility


def address(session: uuid.UUID) -> str:
    return f"/admin/sessions_app/session/{session}/change/"


def seqs(page: Any) -> list[int]:
    return [int(seq) for seq in re.findall(r'id="seq-(\d+)"', page.content.decode())]


def test_a_tool_that_nobody_can_run_is_said_with_what_to_do(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    sessions.handle_user_message(session, "17")

    shown = words(staff("teacher", *LOOK).get(address(session)))

    assert "No worker is alive that serves the queue" in shown


def test_it_says_what_the_session_is_doing_and_what_comes_next(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))

    shown = words(staff("teacher", *LOOK).get(address(session)))

    assert "ada: Small equations" in shown
    assert "Question open Live" in shown
    assert "Waiting for the learner." in shown
    assert "a reminder to the learner in" in shown
    assert re.search(r"Open question Solve .* No\. 1 · Undo an addition · number · 0 attempts · 0 hints", shown)


def test_it_names_the_tools_at_work(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    sessions.handle_user_message(session, "17")

    shown = words(staff("teacher", *LOOK).get(address(session)))

    assert "Tool at work Live" in shown
    assert "Waiting for the tool check_answer (call c1)." in shown
    assert "Tools at work check_answer (c1)" in shown


def test_it_shows_what_the_learner_knows_skill_by_skill(transactional_db: None) -> None:
    page = staff("teacher", *LOOK).get(address(lesson(learner("ada"))))

    assert "Undo an addition 25 % Name the opposite 25 %" in words(page)
    assert page.content.decode().count('max="100" value="25"') == 2


def test_what_a_learner_typed_is_shown_as_typed(transactional_db: None) -> None:
    session = lesson(learner("ada"))
    sessions.handle_user_message(session, "<script>alert(1)</script> is 2*3*4 & more")

    page = operator().get(address(session))

    assert "<script>alert" not in page.content.decode()
    assert '<p class="said">&lt;script&gt;alert(1)&lt;/script&gt; is 2*3*4 &amp; more</p>' in page.content.decode()


def test_what_the_tutor_wrote_is_rendered(transactional_db: None) -> None:
    page = operator().get(address(lesson_with_question(learner("ada")))).content.decode()

    assert re.search(r"<p>Solve <math", page)


def test_the_page_needs_no_inline_style_or_script(transactional_db: None) -> None:
    """The content security policy would refuse them."""
    session = lesson_with_question(learner("ada"))
    client = operator()
    for place in (address(session), "/admin/sessions_app/session/", f"/admin/sessions_app/session/{session}/end/"):
        page = client.get(place).content.decode()

        assert not re.search(r"<[^>]*\sstyle=", page), place
        assert not re.search(r"<[^>]*\son\w+=", page), place
        assert not re.search(r"<style|<script(?![^>]*(\ssrc=|type=\"application/json\"))", page), place


def test_a_teacher_sees_no_more_than_teachers_may(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    teacher, root = staff("teacher", *LOOK), operator()
    for_teachers = set(Interaction.objects.filter(session_id=session, visibility__lte=1).values_list("seq", flat=True))
    every = set(Interaction.objects.filter(session_id=session).values_list("seq", flat=True))
    assert for_teachers < every

    assert set(seqs(teacher.get(address(session)))) == for_teachers
    assert set(seqs(root.get(address(session)))) == every
    assert "For operators" not in words(teacher.get(address(session)))
    assert "For operators" in words(root.get(address(session)))
    # Asking for an operator's kind by its address does not help.
    assert set(seqs(teacher.get(address(session), {"show": "step"}))) == for_teachers
    assert seqs(root.get(address(session), {"show": "step"})) == sorted(every - for_teachers)


def test_one_can_look_at_it_with_the_learners_eyes(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    seen = [one.seq for one in log.lines(session, Visibility.LEARNER, limit=500)]

    assert seqs(operator().get(address(session), {"show": "learner"})) == seen


def test_one_can_look_at_one_kind_only(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    asked = list(Interaction.objects.filter(session_id=session, kind="question.asked").values_list("seq", flat=True))

    assert seqs(operator().get(address(session), {"show": "question.asked"})) == asked
    assert len(asked) == 1


@pytest.mark.parametrize("show", ["everything", "learner", "conversation", "step"])
def test_the_pages_from_newest_to_oldest_and_back_hold_every_line_once(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, show: str
) -> None:
    session = lesson_with_question(learner("ada"))
    for _ in range(3):
        sessions.handle_user_message(session, "hello?")
    whole = [line.seq for line in timeline.page(session, Visibility.OPERATOR, show=show).lines]
    monkeypatch.setattr(timeline, "PAGE_LINES", 4)
    client = operator()

    backwards = walk(client, session, show, "before", address(session))
    first = client.get(address(session), {"show": show, "before": str(whole[4])})
    forwards = seqs(first) + walk(client, session, show, "after", next_page(first, "after"))

    assert [seq for page in reversed(backwards_pages(backwards)) for seq in page] == whole
    assert forwards == whole


def backwards_pages(flat: list[int]) -> list[list[int]]:
    """Newest page first: a new page begins where the numbers fall."""
    pages: list[list[int]] = [[]]
    for seq in flat:
        if pages[-1] and seq < pages[-1][-1]:
            pages.append([])
        pages[-1].append(seq)
    return pages


def next_page(page: Any, direction: str) -> str | None:
    found = re.search(rf'href="(\?show=[\w.]+&amp;{direction}=\d+)#', page.content.decode())
    return found.group(1).replace("&amp;", "&") if found else None


def walk(client: Client, session: uuid.UUID, show: str, direction: str, place: str | None) -> list[int]:
    lines: list[int] = []
    if place == address(session):
        place = f"?show={show}"
    while place is not None:
        page = client.get(address(session) + place)
        lines += seqs(page)
        place = next_page(page, direction)
    return lines


def test_erased_text_is_shown_as_erased(transactional_db: None) -> None:
    session = lesson(learner("ada"))
    sessions.handle_user_message(session, "my secret")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_interaction SET payload = NULL, salt = NULL"
            " WHERE session_id = %s AND kind = 'message.accepted'",
            [session],
        )

    shown = words(staff("teacher", *LOOK).get(address(session)))

    assert "Learner The text was erased. Its place in the log is kept." in shown
    assert "my secret" not in shown


def test_a_session_whose_course_is_gone_can_still_be_looked_at(transactional_db: None) -> None:
    session = lesson(learner("ada"))
    Session.objects.filter(pk=session).update(machine_args={"course": "lost", "version": 7})

    page = operator().get(address(session))

    assert page.status_code == 200
    assert "The machine of this session cannot read it: UnknownCourse" in words(page)
    assert seqs(page)


@pytest.mark.parametrize("before", ["", "x", "-3", "0", "9" * 40, "²"])
def test_a_mistyped_address_still_shows_a_page(transactional_db: None, before: str) -> None:
    session = lesson(learner("ada"))
    go_on(session)

    assert operator().get(address(session), {"before": before, "show": "nonsense"}).status_code == 200


def test_without_the_right_to_look_there_is_nothing_to_see(transactional_db: None) -> None:
    session = lesson(learner("ada"))
    nobody = staff("nobody")

    assert nobody.get(address(session)).status_code == 403
    assert nobody.get("/admin/sessions_app/session/").status_code == 403
    assert "Tutoring sessions" not in words(nobody.get("/admin/"))
