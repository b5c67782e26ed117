"""What is kept of a learner, in the admin: counted, taken away as a file, erased while its page tells how far it is."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import close_old_connections
from django.test import AsyncClient

from sessions_app import registry, sessions
from sessions_app.models import Erasure, Interaction, Session
from sessions_app.personal_data import erasing
from sessions_app.pool import in_database
from tests.integration.admin_visitors import LOOK, browser, staff, words

ERASE = (*LOOK, "sessions_app.add_erasure", "sessions_app.view_erasure")
EXPORT = (*LOOK, "sessions_app.export_learner")

pytestmark = pytest.mark.usefixtures("redis_url")


@pytest.fixture
def session(learner: Any) -> uuid.UUID:
    found = registry.start_or_find(learner.pk, "echo", "echo", {})[0]
    sessions.handle_user_message(found, "hello there")
    return found


def page_of(learner: Any) -> str:
    return f"/admin/sessions_app/erasure/learner/{learner.pk}/"


def test_the_page_tells_what_is_kept(learner: Any, session: uuid.UUID) -> None:
    shown = words(staff("root", *ERASE).get(page_of(learner)))

    assert "What is kept of ada" in shown
    texts = Interaction.objects.filter(session_id=session).count()
    assert f"the interaction log {texts}" in shown


def test_without_the_right_nobody_sees_exports_or_erases(learner: Any, session: uuid.UUID) -> None:
    client = staff("teacher", *LOOK)

    assert client.get(page_of(learner)).status_code == 403
    assert client.get(f"{page_of(learner)}export/").status_code == 403
    assert client.post(page_of(learner), {"username": "ada"}).status_code == 403
    assert staff("eraser", *ERASE).get(f"{page_of(learner)}export/").status_code == 403
    assert staff("exporter", *EXPORT).post(page_of(learner), {"username": "ada"}).status_code == 200
    assert not Erasure.objects.exists()


def test_erasing_needs_the_name_and_its_page_tells_how_far_it_is(learner: Any, session: uuid.UUID) -> None:
    client = staff("root", *ERASE)

    assert "Nothing was erased" in words(client.post(page_of(learner), {"username": "eve"}))
    assert not Erasure.objects.exists()

    asked = client.post(page_of(learner), {"username": "ada"}, follow=True)
    assert "0 of 1 sessions" in words(asked)
    assert asked["Refresh"] == "2"

    erasing.sweep()  # what the timer service does

    done = client.get(asked.redirect_chain[-1][0])
    assert "Erased, 1 of 1 sessions" in words(done)
    assert "Refresh" not in done
    assert not Interaction.objects.filter(session_id=session, payload__isnull=False).exists()
    assert Erasure.objects.get().asked_by == "root"


def test_a_teachers_account_is_kept_or_refused(session: uuid.UUID, learner: Any) -> None:
    get_user_model()._default_manager.filter(pk=learner.pk).update(is_staff=True)
    client = staff("root", *ERASE)

    refused = client.post(page_of(learner), {"username": "ada"}, follow=True)
    assert "Nothing was erased: this is the account of a teacher" in words(refused)

    client.post(page_of(learner), {"username": "ada", "keep_account": "on"})
    assert Erasure.objects.get().keeps_account


def test_the_list_of_sessions_leads_there(learner: Any, session: uuid.UUID) -> None:
    client = staff("root", *ERASE)

    led = client.post(
        "/admin/sessions_app/session/", {"action": "what_is_kept", ACTION_CHECKBOX_NAME: [str(session)]}, follow=True
    )

    assert led.redirect_chain[-1][0] == page_of(learner)


def test_an_erased_session_can_still_be_looked_at(learner: Any, session: uuid.UUID) -> None:
    erasing.erase_session(session, actor="root")

    page = browser(get_user_model()._default_manager.create_superuser("root")).get(
        f"/admin/sessions_app/session/{session}/change/"
    )

    assert page.status_code == 200
    assert "hello there" not in words(page)


def test_a_course_is_told_how_long_to_keep(transactional_db: None) -> None:
    from tutor.models import Course

    course = Course.objects.create(slug="small", title="Small")
    page = f"/admin/tutor/course/{course.pk}/change/"
    form = {
        "retention_days": "90", "title": "Another", "versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert staff("teacher", "tutor.view_course").post(page, form).status_code == 403

    staff("operator", "tutor.view_course", "tutor.change_course").post(page, form)

    course = Course.objects.get()
    assert (course.retention_days, course.title) == (90, "Small")


async def test_the_export_is_a_file_that_comes_while_it_is_read(learner: Any, session: uuid.UUID) -> None:
    def exporter() -> Any:
        user = get_user_model()._default_manager.create_user("exporter", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="export_learner"))
        return user

    client = AsyncClient()
    await client.aforce_login(await in_database(exporter))

    response = await client.get(f"{page_of(learner)}export/")

    # The view ran in asgiref's thread, whose connection nobody else closes.
    await sync_to_async(close_old_connections)()
    lines = [json.loads(line) for line in b"".join([part async for part in response]).splitlines()]  # type: ignore[attr-defined]
    assert response["Content-Disposition"] == f'attachment; filename="learner-{learner.pk}.jsonl"'
    assert (lines[0]["format"], lines[-1]["line"]) == ("tutor.learner-export", "end")
    head = await in_database(lambda: Session.objects.get(pk=session).head)
    assert [line["seq"] for line in lines if line["line"] == "interaction"] == list(range(1, head + 1))
