"""Whatever stands in the log, the timeline shows a line for it, and has words for every kind and state there is."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.admin import timeline, words
from sessions_app.admin.moment import span
from sessions_app.models import Interaction as Row
from tutor import interactions
from tutor.interactions import Visibility
from tutor.machine.state import State

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


def row(kind: str, payload: str | None, version: int = 1) -> Row:
    return Row(
        session_id=uuid.UUID(int=1), seq=1, kind=kind, version=version, at=datetime(2026, 1, 1, tzinfo=UTC),
        visibility=0, payload=payload,
    )  # fmt: skip


@given(
    kind=st.sampled_from(sorted(interactions.KINDS)) | st.text(max_size=20),
    payload=_json.map(json.dumps) | st.text(min_size=1),
    version=st.integers(0, 3),
)
def test_a_payload_of_any_form_becomes_a_line(kind: str, payload: str, version: int) -> None:
    line = timeline.line(row(kind, payload, version))

    assert line.details
    assert line.title == words.kind(kind)


#: Fields that may hold any JSON.
_OPEN: dict[str, st.SearchStrategy[Any]] = {
    str(dict[str, Any]): st.dictionaries(st.text(max_size=8), _json, max_size=3),
    str(dict[str, Any] | None): st.none() | st.dictionaries(st.text(max_size=8), _json, max_size=3),
    str(list[list[Any]]): st.lists(st.lists(_json, max_size=3), max_size=3),
}


def _fact(kind: str) -> st.SearchStrategy[str]:
    """Payloads of a kind that this release can read, with any values in their fields."""
    return st.fixed_dictionaries(
        {
            field.encode_name: _OPEN[str(field.type)] if str(field.type) in _OPEN else st.from_type(field.type)
            for field in msgspec.structs.fields(interactions.KINDS[kind])
        }
    ).map(lambda fields: msgspec.json.encode(fields).decode())


@given(st.data())
def test_a_fact_is_told_in_words(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(interactions.KINDS)))
    payload = data.draw(_fact(kind))

    line = timeline.line(row(kind, payload))

    assert json.loads(line.details) == json.loads(payload)


@given(kind=st.sampled_from(sorted(interactions.KINDS)))
def test_an_erased_payload_is_told_as_erased(kind: str) -> None:
    line = timeline.line(row(kind, None))

    assert line.erased
    assert (line.said, line.html, line.details) == ("", "", "")


def test_every_kind_and_every_state_has_words() -> None:
    assert set(words.KINDS) == set(interactions.KINDS)
    assert set(words.STATES) >= {str(state) for state in State}


def test_a_viewer_can_choose_the_kinds_they_may_see_and_no_others() -> None:
    for visibility in Visibility:
        offered = {value for value, _ in timeline.choices(visibility)}
        for kind, fact in interactions.KINDS.items():
            assert (kind in offered) == (fact.visibility <= visibility)


@given(seconds=st.floats(-1e6, 1e9))
def test_a_span_of_time_is_said_in_at_most_two_units(seconds: float) -> None:
    said: Any = span(seconds).split()

    assert len(said) in {2, 4}
    assert all(number.isdecimal() for number in said[::2])
    assert set(said[1::2]) <= {"ms", "s", "min", "h", "d"}
