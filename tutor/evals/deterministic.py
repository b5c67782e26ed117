"""Metrics that need no judge: the same output always gets the same result."""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import msgspec
from rapidfuzz.distance import Levenshtein

from tutor.evals import patterns
from tutor.evals.case import Case, Finding
from tutor.evals.exceptions import BadOptions
from tutor.evals.registry import metric

#: English text has about so many characters to a token of the usual tokenisers.
CHARS_PER_TOKEN = 4
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")


def _texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _stands(text: str, case: Case, *, ignore_case: bool) -> bool:
    return text.casefold() in case.output.casefold() if ignore_case else text in case.output


@metric("contains", main="text")
def assert_contains(case: Case, text: str | list[str], ignore_case: bool = False) -> Finding:
    """The output contains the text, or each of the texts."""
    missing = [one for one in _texts(text) if not _stands(one, case, ignore_case=ignore_case)]
    return Finding(passed=not missing, reason=f"does not contain {missing}")


@metric("not_contains", main="text")
def refute_contains(case: Case, text: str | list[str], ignore_case: bool = False) -> Finding:
    """The output contains none of the texts."""
    found = [one for one in _texts(text) if _stands(one, case, ignore_case=ignore_case)]
    return Finding(passed=not found, reason=f"contains {found}")


@metric("contains_any", main="texts")
def assert_contains_any(case: Case, texts: list[str], ignore_case: bool = False) -> Finding:
    """The output contains at least one of the texts."""
    passed = any(_stands(one, case, ignore_case=ignore_case) for one in _texts(texts))
    return Finding(passed=passed, reason=f"contains none of {_texts(texts)}")


@metric("contains_all", main="texts")
def assert_contains_all(case: Case, texts: list[str], ignore_case: bool = False) -> Finding:
    """The output contains every one of the texts."""
    missing = [one for one in _texts(texts) if not _stands(one, case, ignore_case=ignore_case)]
    return Finding(passed=not missing, reason=f"does not contain {missing}")


@metric("regex", main="pattern")
def assert_regex(case: Case, pattern: str) -> Finding:
    """The pattern is found in the output."""
    try:
        found = re.search(pattern, case.output)
    except re.error as error:
        raise BadOptions(f"assert_regex: {pattern!r} is no regular expression: {error}") from None
    return Finding(passed=found is not None, reason=f"nothing in it matches {pattern!r}")


@metric("is_json", main="schema")
def assert_json(case: Case, schema: dict[str, Any] | None = None) -> Finding:
    """The output is JSON, and fits the JSON schema where one is given."""
    try:
        value = msgspec.json.decode(case.output)
    except msgspec.DecodeError as error:
        return Finding(passed=False, reason=f"is not JSON: {error}")
    if schema is None:
        return Finding(passed=True)
    judge = jsonschema.validators.validator_for(schema)
    try:
        judge.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise BadOptions(f"assert_json: that is no JSON schema: {error.message}") from None
    wrong = [f"{error.json_path}: {error.message}" for error in judge(schema).iter_errors(value)]
    return Finding(passed=not wrong, reason="; ".join(wrong))


@metric("max_tokens", main="max")
def assert_max_tokens(case: Case, max: int) -> Finding:
    """The output has at most so many tokens (estimated, four characters to a token)."""
    tokens = math.ceil(len(case.output) / CHARS_PER_TOKEN)
    return Finding(passed=tokens <= max, reason=f"about {tokens} tokens, at most {max} allowed")


@metric("latency_ms", main="max")
def assert_latency_ms(case: Case, max: float, actual: float | None = None) -> Finding:
    """The output came within so many milliseconds (``actual``, or the case's ``latency_ms``)."""
    taken = actual if actual is not None else case.metadata.get("latency_ms")
    if taken is None:
        raise BadOptions("assert_latency_ms needs actual=… or metadata with latency_ms")
    return Finding(passed=float(taken) <= max, reason=f"took longer than {max:g} ms")


@metric("starts_with", main="text")
def assert_starts_with(case: Case, text: str) -> Finding:
    """The output begins with the text."""
    return Finding(passed=case.output.startswith(text), reason=f"does not begin with {text!r}")


@metric("ends_with", main="text")
def assert_ends_with(case: Case, text: str) -> Finding:
    """The output ends with the text."""
    return Finding(passed=case.output.endswith(text), reason=f"does not end with {text!r}")


@metric("equals", main="text")
def assert_equals(case: Case, text: str | None = None) -> Finding:
    """The output is exactly the text, or exactly the expected output."""
    wanted = text if text is not None else case.expected
    if wanted is None:
        raise BadOptions("assert_equals needs a text or the case's expected output")
    return Finding(passed=case.output == wanted, reason=f"is not {wanted!r}")


@metric("min_length", main="min")
def assert_min_length(case: Case, min: int) -> Finding:
    """The output has at least so many characters."""
    return Finding(passed=len(case.output) >= min, reason=f"has {len(case.output)} characters, at least {min} wanted")


@metric("max_length", main="max")
def assert_max_length(case: Case, max: int) -> Finding:
    """The output has at most so many characters."""
    return Finding(passed=len(case.output) <= max, reason=f"has {len(case.output)} characters, at most {max} allowed")


@metric("word_count", main="max")
def assert_word_count(case: Case, max: int | None = None, min: int = 0) -> Finding:
    """The output has at least ``min`` and at most ``max`` words."""
    words = len(case.output.split())
    passed = words >= min and (max is None or words <= max)
    return Finding(passed=passed, reason=f"has {words} words, wanted {min} to {'any number' if max is None else max}")


@metric("is_url")
def assert_url(case: Case) -> Finding:
    """The output is one web address."""
    parts = urlsplit(case.output.strip()) if not re.search(r"\s", case.output.strip()) else None
    passed = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    return Finding(passed=passed, reason="is not a web address")


@metric("is_email")
def assert_email(case: Case) -> Finding:
    """The output is one e-mail address."""
    return Finding(passed=_EMAIL.fullmatch(case.output.strip()) is not None, reason="is not an e-mail address")


@metric("levenshtein", main="text")
def assert_levenshtein(case: Case, text: str | None = None, max_distance: int = 3) -> Finding:
    """The output is at most ``max_distance`` edits away from the text, or from the expected output."""
    wanted = text if text is not None else case.expected
    if wanted is None:
        raise BadOptions("assert_levenshtein needs a text or the case's expected output")
    distance = Levenshtein.distance(case.output, wanted)
    return Finding(passed=distance <= max_distance, reason=f"is {distance} edits away, at most {max_distance} allowed")


@metric("toxic")
def refute_toxic(case: Case) -> Finding:
    """No word of the output insults or is obscene (a word list; ``refute_toxicity`` asks the judges)."""
    found = patterns.toxic(case.output)
    return Finding(passed=found is None, reason=f"says {found!r}")
