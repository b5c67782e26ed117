"""The observers of a deployment: the modules that the settings name, and which of them look."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tools_app import discovery
from tools_app.watching import observers_of

SHIPPED = ("cognitive", "communication", "solution_focus", "time_keeper")


def test_a_module_that_is_not_there_is_said_at_the_start(settings: Any) -> None:
    settings.TUTOR_OBSERVERS = ["tutor.observers", "no.such.module"]

    with pytest.raises(ImproperlyConfigured, match="TUTOR_OBSERVERS"):
        discovery.load_observers()


def test_a_name_that_no_observer_has_is_said_at_the_start(settings: Any) -> None:
    settings.TUTOR_OBSERVERS_ON = ["cognitive", "cogitative"]

    with pytest.raises(ImproperlyConfigured, match="cogitative"):
        discovery.load_observers()


@pytest.mark.parametrize(
    ("of_course", "on", "look"),
    [
        (None, None, SHIPPED),
        (["cognitive", "unknown"], None, ("cognitive",)),
        (None, ["time_keeper"], ("time_keeper",)),
        (["cognitive", "time_keeper"], ["time_keeper", "communication"], ("time_keeper",)),
        (None, [], ()),
        ([], None, ()),
    ],
)
def test_a_course_chooses_among_those_that_the_deployment_lets_look(
    settings: Any, of_course: list[str] | None, on: list[str] | None, look: tuple[str, ...]
) -> None:
    settings.TUTOR_OBSERVERS_ON = on

    assert observers_of(SimpleNamespace(observers=of_course)) == look


def test_a_machine_that_says_nothing_of_observers_has_none(settings: Any) -> None:
    assert observers_of(object()) == ()
