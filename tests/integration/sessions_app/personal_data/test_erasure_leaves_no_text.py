"""After an erasure nothing that the learner wrote, nor anything made from it, stands anywhere; the proof still does."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db.models import ForeignKey

from sessions_app import verification
from sessions_app.models import Erasure, Interaction, Session
from sessions_app.personal_data import places
from tests import everything_stored
from tests.integration.sessions_app.personal_data.conftest import MARKER


def erase(who: str, *options: str) -> str:
    out = StringIO()
    call_command("learner", "erase", who, "--yes", *options, stdout=out)
    return out.getvalue()


def test_the_word_stands_in_every_place_before_and_in_none_after(marked: Any, bystander: Any) -> None:
    other, others = bystander()
    before = everything_stored.in_database(MARKER)
    assert {name.partition(".")[0] for name in before} >= {
        "auth_user", "django_admin_log", "sessions_app_call", "sessions_app_filechunk", "sessions_app_filesection",
        "sessions_app_interaction", "sessions_app_quarantine", "sessions_app_session", "sessions_app_timer",
        "sessions_app_uploadedfile", "tools_app_toolcall", "tutor_coursedraft",
    }  # fmt: skip
    assert everything_stored.in_redis(MARKER)

    told = erase(marked.get_username())

    assert everything_stored.in_database(MARKER) == {}
    assert everything_stored.in_redis(MARKER) == []
    assert "Erased 10 sessions" in told
    assert not Session.objects.filter(learner=marked, live=True).exists()
    assert not Interaction.objects.filter(session__learner=marked, payload__isnull=False).exists()
    assert Interaction.objects.filter(session=others, payload__isnull=True).count() == 0
    assert Session.objects.get(pk=others).live
    assert type(other)._default_manager.get(pk=other.pk).is_active


def test_verification_reports_erased_and_no_divergence(marked: Any, bystander: Any) -> None:
    bystander()
    interactions = Interaction.objects.filter(session__learner=marked).count()
    erase(marked.get_username())

    out = StringIO()
    call_command("verify_sessions", "--json", stdout=out)
    told = json.loads(out.getvalue())

    assert (told["divergent"], told["erased_sessions"]) == (0, Session.objects.filter(learner=marked).count())
    # What a fork shares with its parent is verified with each of them.
    assert told["erased"] >= Interaction.objects.filter(session__learner=marked).count() >= interactions
    assert [one for verified in verification.verify() for one in verified.divergences] == []


def test_every_table_that_belongs_to_a_session_is_in_the_list() -> None:
    """Whoever adds one registers it (``personal_data.places``), or the words of learners outlive them there."""
    listed = {model for place in places.of_sessions() for model in place.models}

    of_sessions = {
        field.model
        for field in (field for model in apps.get_models() for field in model._meta.get_fields())
        if field.many_to_one or field.one_to_one
        if isinstance(field, ForeignKey) and field.related_model is Session
    }

    assert {model.__name__ for model in of_sessions - listed} == set()


def test_a_dry_run_counts_every_place_and_changes_nothing(marked: Any) -> None:
    before = everything_stored.in_database(MARKER)

    out = StringIO()
    call_command("learner", "erase", marked.get_username(), "--dry-run", stdout=out)

    assert everything_stored.in_database(MARKER) == before
    assert not Erasure.objects.exists()
    told = out.getvalue()
    for place in ("the interaction log", "tool calls", "replies to commands", "events in quarantine", "the account"):
        assert [
            line for line in told.splitlines() if line.endswith(place) and int(line.split()[0].replace(",", "")) > 0
        ]


def test_erasing_again_is_harmless(marked: Any) -> None:
    name = marked.get_username()
    erase(name)
    erase(str(marked.pk))

    assert Erasure.objects.filter(finished_at=None).count() == 0
    assert everything_stored.in_database(MARKER) == {}
