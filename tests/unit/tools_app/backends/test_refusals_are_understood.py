"""Statuses, error bodies and ``Retry-After``, as endpoints of many makes send them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools_app.backends import refusals
from tools_app.exceptions import ContextTooLong, Misconfigured, ToolError

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Fri, 20 Nov 2026 12:00:09 GMT", 9.0),
        ("Fri, 20 Nov 2026 11:59:00 GMT", 0.0),
        ("999999999", refusals.LONGEST_PAUSE_S),
        ("inf", refusals.LONGEST_PAUSE_S),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_both_forms(said: str, seconds: float | None) -> None:
    assert refusals.retry_after_s({"retry-after": said}, NOW) == seconds


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=40))
def test_any_other_retry_after_is_not_believed(said: str) -> None:
    pause = refusals.retry_after_s({"retry-after": said}, NOW)
    assert pause is None or 0 <= pause <= refusals.LONGEST_PAUSE_S


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "the request exceeds the available context size, try increasing it",
        "Input is too long for requested model.",
        "Please reduce the length of the messages.",
    ],
)
def test_a_context_that_is_too_long_is_known_by_many_words(message: str) -> None:
    body = msgspec.json.encode({"error": {"message": message}})
    assert isinstance(refusals.error_of(400, {}, body), ContextTooLong)


def test_no_credit_is_no_reason_to_wait() -> None:
    body = b'{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'
    assert isinstance(refusals.error_of(429, {}, body), Misconfigured)


@given(st.integers(201, 599), st.binary(max_size=200))
def test_any_answer_is_an_error_of_tools(status: int, body: bytes) -> None:
    error = refusals.error_of(status, {}, body)
    assert isinstance(error, ToolError)
    assert str(status) in str(error)
