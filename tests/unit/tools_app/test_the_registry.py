"""What makes a function a tool, and what its border lets through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools_app import registry
from tools_app.conf import RESULT_BYTES
from tools_app.exceptions import BadArguments, BadOutput, UnknownTool
from tools_app.registry import Repair, Tool, tool
from tools_app.scope import Scope

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


class Typed(TypedDict):
    words: list[str]


@dataclass
class Data:
    words: list[str]


class Struct(msgspec.Struct):
    words: list[str]


@pytest.fixture(autouse=True)
def _no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_online", dict(registry._online))
    monkeypatch.setattr(registry, "_offline", dict(registry._offline))


def returning(annotation: Any) -> Tool:
    def words(scope: Scope, text: str, repair: Repair, most: int = 3) -> Any: ...

    words.__annotations__ = {"scope": Scope, "text": str, "repair": Repair, "most": int, "return": annotation}
    tool(timeout_s=1, name=f"words of {annotation}")(words)
    return registry.find(f"words of {annotation}")[0]


@pytest.mark.parametrize("annotation", [Typed, Data, Struct, dict[str, list[str]]])
def test_a_result_is_what_the_annotation_says(annotation: Any) -> None:
    made = returning(annotation)

    assert made.checked({"words": ["a"]}) == {"words": ["a"]}
    with pytest.raises(BadOutput, match="promises"):
        made.checked({"words": [1]})
    assert "words" in str(made.result_schema) or annotation == dict[str, list[str]]


@pytest.mark.parametrize("annotation", [None, str, list[str], int | None, object])
def test_a_function_that_returns_no_object_is_no_tool(annotation: Any) -> None:
    with pytest.raises(TypeError, match="return"):
        returning(annotation)


@given(result=json_values)
def test_no_result_crashes_the_border(result: Any) -> None:
    made = Tool("t", print, Struct, False, 1.0, True, "tools", lambda: True, result=Struct)
    try:
        plain = made.checked(result)
    except BadOutput:
        return
    assert msgspec.convert(plain, Struct)


@given(arguments=st.dictionaries(st.text(), json_values))
def test_no_arguments_crash_the_border(arguments: dict[str, Any]) -> None:
    made = Tool("t", print, Struct, False, 1.0, True, "tools", lambda: True)
    try:
        bound = made.bind(arguments)
    except BadArguments:
        return
    assert bound.keys() == {"words"}


def test_what_is_too_large_is_refused_in_both_directions() -> None:
    made = returning(Typed)

    with pytest.raises(BadArguments, match="at most"):
        made.bind({"text": "x" * made.argument_bytes})
    with pytest.raises(BadOutput, match="at most"):
        made.checked({"words": ["x" * RESULT_BYTES]})


def test_a_repair_is_handed_over_and_is_no_argument() -> None:
    made = returning(Typed)

    assert made.bind({"text": "x"}, "no JSON") == {"text": "x", "most": 3, "repair": Repair("no JSON")}
    assert "repair" not in str(made.schema)
    with pytest.raises(BadArguments):
        made.bind({"text": "x", "repair": "from outside"})


def test_a_parameter_without_an_annotation_is_named() -> None:
    def odd(scope: Scope, text) -> dict[str, str]: ...  # type: ignore[no-untyped-def,empty-body]

    with pytest.raises(TypeError, match="'text'"):
        tool(timeout_s=1)(odd)


def test_an_unknown_tool_is_told_from_those_that_are_known() -> None:
    with pytest.raises(UnknownTool, match="echo"):
        registry.find("format_disk")
