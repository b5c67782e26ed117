"""What a learner who knows linear equations answers, worked out from the text of a question as the learner sees it.

Equations and word problems are solved; the right option and the right word are looked up in the course by the prompt.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from config.services.data_folder import CHECKOUT

_COURSE = Path(CHECKOUT) / "tutor" / "courses" / "linear-equations" / "course.yaml"
_NUMBER = re.compile(r"-?\d+")


def right_answer(question: dict[str, Any]) -> str:
    """The right answer to a ``question.asked``'s `d`: a number, a word, or the ids of the right choices."""
    prompt = question["prompt"]
    if question["format"]["type"] == "number":
        return str(_solution(prompt))
    for authored in _authored_questions():
        if (numbers := _read_as(authored["prompt"], prompt)) is None:
            continue
        if question["format"]["type"] == "short_text":
            return str(authored["answer"])
        # Another question may have the same words and other options.
        texts = {choice["id"]: choice["text"] for choice in authored["format"].get("choices", ())}
        right = [_written(texts[each.strip()], numbers) for each in str(authored["answer"]).split(",") if texts]
        if found := [choice["id"] for choice in question["choices"] if choice["text"] in right]:
            return ", ".join(found)
    raise LookupError(f"nobody taught me {prompt!r}: {question.get('choices')}")


def repeated_operation(question: dict[str, Any]) -> str | None:
    """The answer of the known error `repeats_operation` to ``x + a = c``: adds ``a`` again. None: another question."""
    found = re.fullmatch(r"Solve \$x \+ (\d+) = (-?\d+)\$\.", question["prompt"])
    return str(int(found[1]) + int(found[2])) if found else None


def probe_answer(text: str) -> str | None:
    """The right answer to the remediation's probe that stands in ``text``; None where none does."""
    for known_error in _authored_known_errors():
        probe = known_error["probe"]
        if " ".join(probe["ask"].split()) in " ".join(text.split()):
            choices = {choice["id"]: choice["text"] for choice in probe["format"].get("choices", ())}
            return str(choices.get(probe["answer"], probe["answer"]))
    return None


def _solution(prompt: str) -> Fraction:
    if equation := re.match(r"Solve \$(.+?)\$", prompt):
        return _solve(equation[1])
    numbers = [Fraction(number) for number in _NUMBER.findall(prompt)]
    match prompt:
        case text if "tickets cost" in text:
            tickets, total = numbers
            return total / tickets
        case text if "taxi" in text:
            start, per_km, total = numbers
            return (total - start) / per_km
        case text if "friends each buy" in text:
            friends, drink, total = numbers
            return total / friends - drink
        case text if "Club A" in text:
            join_a, visit_a, join_b, visit_b = numbers
            return (join_a - join_b) / (visit_b - visit_a)
        case text if "Multiply out" in text:
            factor, inside = numbers
            return factor * inside
    raise LookupError(f"nobody taught me {prompt!r}")


def _solve(equation: str) -> Fraction:
    plain = re.sub(r"\\frac\{(.+?)\}\{(.+?)\}", r"((\1)/(\2))", equation)
    plain = re.sub(r"(?<=\d)(?=[x(])", "*", plain)
    left, right = (ast.parse(side.strip(), mode="eval").body for side in plain.split("="))

    def difference(x: Fraction) -> Fraction:
        return _value(left, {"x": x}) - _value(right, {"x": x})

    at_0, at_1 = difference(Fraction(0)), difference(Fraction(1))
    return at_0 / (at_0 - at_1)


def _value(node: ast.expr, names: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.Constant(value=int(value)):
            return Fraction(value)
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = _value(left, names), _value(right, names)
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
    raise LookupError(f"not a linear expression: {ast.dump(node)}")


_PLACEHOLDER = re.compile(r"\{([a-z0-9*+()/ -]+)\}")


def _read_as(template: str, text: str) -> dict[str, Fraction] | None:
    """The author's parameters, if the template reads like ``text`` with some numbers in it; None if not."""
    pattern, end = "", 0
    template = " ".join(template.split())
    for found in _PLACEHOLDER.finditer(template):
        name = found[1]
        number = f"(?P<{name}>-?\\d+)" if name.isidentifier() and f"<{name}>" not in pattern else r"-?\d+"
        pattern += re.escape(template[end : found.start()]) + number
        end = found.end()
    match = re.fullmatch(pattern + re.escape(template[end:]), " ".join(text.split()))
    return None if match is None else {name: Fraction(value) for name, value in match.groupdict().items()}


def _written(template: str, numbers: Mapping[str, Fraction]) -> str:
    """The template with these numbers for its parameters."""
    return _PLACEHOLDER.sub(lambda found: str(_value(ast.parse(found[1], mode="eval").body, numbers)), template)


@functools.cache
def _authored() -> dict[str, Any]:
    course: dict[str, Any] = yaml.safe_load(_COURSE.read_text())
    return course


def _authored_questions() -> list[dict[str, Any]]:
    return [question for topic in _authored()["topics"] for question in topic["questions"]]


def _authored_known_errors() -> list[dict[str, Any]]:
    return [known_error for topic in _authored()["topics"] for known_error in topic["known_errors"]]
