"""What a learner who knows linear equations answers, worked out from the text of a question as the learner sees it.

Equations and word problems are solved; the right option and the right word are looked up in the course by the prompt.
"""

from __future__ import annotations

import ast
import functools
import re
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
    authored = next(each for each in _authored_questions() if _renders(each["prompt"], prompt))
    if question["format"]["type"] == "short_text":
        return str(authored["answer"])
    texts = {choice["id"]: choice["text"] for choice in authored["format"]["choices"]}
    right = [texts[each.strip()] for each in str(authored["answer"]).split(",")]
    return ", ".join(
        choice["id"] for choice in question["choices"] if any(_renders(text, choice["text"]) for text in right)
    )


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
        return _value(left, x) - _value(right, x)

    at_0, at_1 = difference(Fraction(0)), difference(Fraction(1))
    return at_0 / (at_0 - at_1)


def _value(node: ast.expr, x: Fraction) -> Fraction:
    match node:
        case ast.Constant(value=int(value)):
            return Fraction(value)
        case ast.Name(id="x"):
            return x
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, x)
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = _value(left, x), _value(right, x)
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
    raise LookupError(f"not a linear equation: {ast.dump(node)}")


def _renders(template: str, text: str) -> bool:
    """Whether the author's template, with numbers for its parameters, reads like this."""
    pieces = re.split(r"\{[a-z0-9*+()/ -]+\}", " ".join(template.split()))
    return re.fullmatch(r"-?\d+".join(map(re.escape, pieces)), " ".join(text.split())) is not None


@functools.cache
def _authored() -> dict[str, Any]:
    course: dict[str, Any] = yaml.safe_load(_COURSE.read_text())
    return course


def _authored_questions() -> list[dict[str, Any]]:
    return [question for topic in _authored()["topics"] for question in topic["questions"]]


def _authored_known_errors() -> list[dict[str, Any]]:
    return [known_error for topic in _authored()["topics"] for known_error in topic["known_errors"]]
