"""Lists of names in environment variables."""

from __future__ import annotations

import pytest

from config import environment


@pytest.mark.parametrize(
    ("value", "read"), [("", None), ("none", []), ("one", ["one"]), (" one, two ,", ["one", "two"])]
)
def test_names_are_separated_by_commas_and_none_is_no_name(
    monkeypatch: pytest.MonkeyPatch, value: str, read: list[str] | None
) -> None:
    monkeypatch.setenv("SOME_NAMES", value)

    assert environment.names("SOME_NAMES") == read


def test_a_variable_that_is_not_there_says_nothing() -> None:
    assert environment.names("NO_SUCH_VARIABLE") is None
