"""``on_busy`` in the ``course`` section: the policy of the course's sessions."""

from __future__ import annotations

import msgspec
import pytest

from tutor.course import CourseInfo


def test_by_default_a_busy_session_asks_to_wait() -> None:
    assert msgspec.convert({"id": "x", "title": "X"}, CourseInfo).on_busy == "reject"


@pytest.mark.parametrize("policy", ["reject", "queue", "interrupt", "merge", "rollback"])
def test_each_policy_can_be_named(policy: str) -> None:
    assert msgspec.convert({"id": "x", "title": "X", "on_busy": policy}, CourseInfo).on_busy == policy


def test_another_one_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "x", "title": "X", "on_busy": "ignore"}, CourseInfo)
