"""People who visit the admin, and lessons for them to look at."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from sessions_app import server, sessions
from sessions_app.delivery import Delivered, Delivery
from tests.unit.tutor.machine.small_course import small_course
from tutor import events
from tutor.publication import publish

LOOK = ("sessions_app.view_session", "tools_app.view_toolcall", "tools_app.view_worker")
STEER = (*LOOK, "sessions_app.change_session")


def learner(name: str) -> Any:
    return get_user_model()._default_manager.create_user(name)


def staff(name: str, *permissions: str) -> Client:
    """A browser in which a member of staff with these permissions is logged in."""
    user = get_user_model()._default_manager.create_user(name, is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return browser(user)


def operator() -> Client:
    return browser(get_user_model()._default_manager.create_superuser("root"))


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def lesson(of: Any) -> uuid.UUID:
    """A lesson of the small course, at its first explanation."""
    publish(small_course())
    return sessions.start(of, "small")


def go_on(session: uuid.UUID) -> Delivered:
    return server.deliver(Delivery(session, events.ContinueRequested(), by="learner"))


def lesson_with_question(of: Any) -> uuid.UUID:
    """A lesson of the small course with its first question open."""
    session = lesson(of)
    for _ in small_course().topics[0].materials:
        go_on(session)
    return session


def words(page: Any) -> str:
    """What a person reads on a page: its text, without tags."""
    body = re.sub(r"<(script|style).*?</\1>", " ", page.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def hidden(page: Any, name: str) -> str:
    """The value of a hidden field of a form."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found is not None, f"there is no hidden field {name}"
    return found.group(1)
