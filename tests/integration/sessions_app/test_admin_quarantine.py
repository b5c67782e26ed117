"""An operator looks at quarantined events in the admin, retries or drops them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from sessions_app import sessions
from sessions_app.models import Quarantine, Session

LIST = "admin:sessions_app_quarantine_changelist"


@pytest.fixture
def held(scripted_session: uuid.UUID, settings: Any) -> Quarantine:
    settings.TUTOR_SUPERVISION = {"*": {"max_restarts": 0, "max_seconds": 3600}}
    sessions.handle_user_message(scripted_session, "crash")
    settings.TUTOR_SUPERVISION = {"*": {"max_restarts": 9, "max_seconds": 3600}}
    return Quarantine.objects.get()


def act(client: Client, held: Quarantine, action: str) -> str:
    answer = client.post(reverse(LIST), {"action": action, "_selected_action": [held.pk]}, follow=True)
    return answer.content.decode()


def test_an_event_and_its_reason_are_shown(admin_client: Client, held: Quarantine) -> None:
    page = admin_client.get(reverse("admin:sessions_app_quarantine_change", args=[held.pk])).content.decode()

    assert "ZeroDivisionError" in page
    assert "user_message" in admin_client.get(reverse(LIST)).content.decode()


def test_a_retry_delivers_it_again(admin_client: Client, held: Quarantine) -> None:
    before = Session.objects.get(pk=held.session_id).event_no

    assert "delivered again" in act(admin_client, held, "retry")
    assert Session.objects.get(pk=held.session_id).event_no > before
    assert Quarantine.objects.get(pk=held.pk).status == "retried"


def test_a_drop_gives_it_up_once(admin_client: Client, held: Quarantine) -> None:
    assert "dropped" in act(admin_client, held, "drop")
    assert "not held in quarantine" in act(admin_client, held, "retry")


def test_looking_does_not_permit_acting(client: Client, held: Quarantine, django_user_model: Any) -> None:
    teacher = django_user_model.objects.create_user("teacher", is_staff=True)
    teacher.user_permissions.add(Permission.objects.get(codename="view_quarantine"))
    client.force_login(teacher)

    assert client.get(reverse(LIST)).status_code == 200
    act(client, held, "drop")
    assert Quarantine.objects.get(pk=held.pk).status == "held"
