"""A payload is read by the version it was written in; what this release does not know is carried."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import interactions, upcasting
from tutor.interactions import Interaction, Unknown


@pytest.fixture
def third_version(monkeypatch: pytest.MonkeyPatch) -> type[Interaction]:
    """A kind that has changed its form twice."""
    monkeypatch.setattr(interactions, "KINDS", dict(interactions.KINDS))
    monkeypatch.setattr(upcasting, "UPCASTERS", dict(upcasting.UPCASTERS))

    class Remarked(Interaction, frozen=True, kw_only=True):
        kind = "test.remarked"
        version = 3
        words: list[str]
        language: str

    @upcasting.upcaster("test.remarked", 1)
    def _split(payload: dict[str, Any]) -> dict[str, Any]:
        return {"words": payload["text"].split()}

    @upcasting.upcaster("test.remarked", 2)
    def _name_language(payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "language": "en"}

    return Remarked


def test_each_older_version_becomes_the_newest(third_version: Any) -> None:
    newest = third_version(words=["a", "b"], language="en")

    assert interactions.decode("test.remarked", 1, '{"text":"a b"}') == newest
    assert interactions.decode("test.remarked", 2, '{"words":["a","b"]}') == newest
    assert interactions.decode("test.remarked", 3, interactions.encode(newest)) == newest


@given(version=st.integers(4, 99))
def test_a_newer_version_is_carried_as_it_is(version: int) -> None:
    carried = interactions.decode("message.accepted", version, '{"text":"a","mood":"b"}')

    assert carried == Unknown(name="message.accepted", written_version=version, payload={"text": "a", "mood": "b"})
    assert interactions.encode(carried) == '{"mood":"b","text":"a"}'


def test_an_unknown_kind_is_carried_as_it_is() -> None:
    carried = interactions.decode("hologram.shown", 1, '{"angle":3}')

    assert carried == Unknown(name="hologram.shown", written_version=1, payload={"angle": 3})


def test_a_forgotten_upcaster_is_named() -> None:
    with pytest.raises(upcasting.NoUpcaster, match=r"version 0 of 'message\.accepted'"):
        interactions.decode("message.accepted", 0, '{"text":"a"}')


def test_two_upcasters_of_one_version_are_refused(third_version: Any) -> None:
    with pytest.raises(TypeError, match="two upcasters"):
        upcasting.upcaster("test.remarked", 1)(lambda payload: payload)


def test_every_version_there_ever_was_can_be_read() -> None:
    needed = {(kind, version) for kind, fact in interactions.KINDS.items() for version in range(1, fact.version)}

    assert needed <= set(upcasting.UPCASTERS)


def test_reading_never_changes_what_is_read(third_version: Any) -> None:
    payload = {"text": "a b"}

    upcasting.upcast("test.remarked", 1, 3, payload)

    assert payload == {"text": "a b"}
