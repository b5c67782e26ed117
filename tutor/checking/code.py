"""Answers that are a function in Python, tried with the calls of the question in ``sandbox``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutor.checking import sandbox
from tutor.checking.answer_format import AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor import course as content
    from tutor.questions import QuestionInstance

#: In characters.
MAX_SOURCE = 4_000
MAX_CASES = 30
_FENCE = re.compile(r"^\s*```[A-Za-z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)


@dataclass(frozen=True)
class CodeReading(Reading):
    """The source as it will be run."""

    source: str


class CodeFormat(AnswerFormat):
    """``type: code``. Policies: language (python), function (its name), cases (arguments, expect, shown)."""

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        """Braces of a program are its own: nothing is filled in."""
        return text

    def read(self, question: QuestionInstance, given: str) -> CodeReading:
        if len(given) > MAX_SOURCE:
            raise MalformedAnswer("too_long", f"That is very long: a program has at most {MAX_SOURCE:,} characters.")
        fenced = _FENCE.match(given)
        source = (fenced[1] if fenced else given).replace("\r\n", "\n").replace("\u00a0", " ")
        if not source.strip():
            raise MalformedAnswer("empty", f"Please write the function {question.format.function}.")
        return CodeReading(text=" ".join(source.split()), source=source)

    def accepts(self, question: QuestionInstance, text: str) -> bool:
        return len(text) <= MAX_SOURCE and re.search(r"(?m)^\s*(?:def|from|import|class)\s+\w", text) is not None

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        return reading.text == " ".join(value.split())

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, CodeReading)  # noqa: S101 — the reading is this format's own
        form = question.format
        try:
            outcome = sandbox.run(reading.source, form.function, [case.arguments for case in form.cases])
        except sandbox.Unavailable:
            return Verdict(
                verdict="undecided",
                feedback="Your program could not be tried just now. Please send it again; nothing is counted.",
            )
        results = outcome.get("results")
        if not isinstance(results, list) or len(results) != len(form.cases):
            return _problem(outcome, form)
        right = [_fits(case, result) for case, result in zip(form.cases, results, strict=True)]
        if all(right):
            return Verdict(verdict="correct", score=1.0, feedback="Yes: your function does what it should.")
        said = next(_said(form, at, results[at]) for at, one in enumerate(right) if not one)
        if any(right):
            return Verdict(verdict="partial", score=sum(right) / len(right), feedback=said)
        return Verdict(verdict="wrong", feedback=said)

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        squeezed, answer = "".join(text.split()), "".join(question.answer.split())
        body = answer.partition(":")[2]
        return bool(answer) and (answer in squeezed or (len(body) > 8 and body in squeezed))

    def problems(self, question: QuestionInstance) -> list[str]:
        form = question.format
        found: list[str] = []
        if form.language != "python":
            found.append(f"the language of a program is python, not {form.language!r}")
        if not form.function.isidentifier():
            found.append("a code question names the function asked for")
        if not 0 < len(form.cases) <= MAX_CASES:
            found.append(f"a code question has 1 to {MAX_CASES} cases")
        for case in form.cases:
            try:
                if not isinstance(json.loads(case.arguments), list):
                    found.append(f"the arguments of a case are a JSON list such as [2, 3], not {case.arguments}")
                json.loads(case.expect)
            except ValueError:
                found.append(f"a case is JSON: {case.arguments} gives {case.expect}")
        return found


def _fits(case: content.CodeCase, result: Any) -> bool:
    return isinstance(result, dict) and "value" in result and _equal(result["value"], json.loads(case.expect))


def _equal(one: Any, other: Any) -> bool:
    """Equal as JSON: a truth value is no number, 2.0 is 2, decimals may differ by rounding."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return bool(abs(one - other) <= 1e-9 * max(1, abs(one), abs(other)))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_equal(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return bool(one == other)


def _said(form: content.Format, at: int, result: Any) -> str:
    case = form.cases[at]
    if not case.shown:
        return "It works for some values and not for others: think of special ones, such as 0 or an empty list."
    call = f"{form.function}({case.arguments.strip()[1:-1]})"
    if isinstance(result, dict) and "error" in result:
        return f"{call} stops with {str(result['error'])[:60]}."
    value = json.dumps(result.get("value")) if isinstance(result, dict) else "nothing"
    return f"{call} gives {value[:80]}: is that what it should be?"


def _problem(outcome: dict[str, Any], form: content.Format) -> Verdict:
    match outcome.get("problem"):
        case "syntax":
            where = f"Line {outcome.get('line')}" if outcome.get("line") else "Your program"
            message = f"{where} is not Python: {str(outcome.get('message'))[:120]}."
            return Verdict(verdict="malformed", code="syntax", feedback=message)
        case "no_function":
            message = f"I cannot find the function {form.function}: please define it with def {form.function}."
            return Verdict(verdict="malformed", code="no_function", feedback=message)
        case "time":
            return Verdict(verdict="wrong", feedback="Your program does not come to an end: look at its loops.")
        case "raised":
            return Verdict(verdict="wrong", feedback=f"Your program stops with {str(outcome.get('message'))[:60]}.")
    return Verdict(verdict="wrong", feedback="Your program ended before it gave a result.")
