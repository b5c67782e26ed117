"""Answers that are a number with a unit: ``5 m``, ``500 cm``, ``72 km/h``, ``9.81 m/s^2``, ``20 °C``, ``$5``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from tutor import expressions
from tutor.checking.algebra import limits
from tutor.checking.answer_format import AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.normalisation import unicode_plain
from tutor.checking.number import NumberReading, read_number
from tutor.checking.phrasing import bare
from tutor.checking.precision import figures_written, fit, significant_figures
from tutor.checking.units import ONE, Unit, read_unit
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor import course as content
    from tutor.questions import QuestionInstance

_CURRENCY = re.compile(r"^([-−]?)\s*([$€£])\s*(?=[0-9.])(.*)$", re.DOTALL)
_UNIT = re.compile(
    r"(?<=[0-9.)}\s½¼¾])\s*((?:[A-Za-zµμΩ°º˚℃℉€£¢%]|\$(?=\s*$))"
    r"[A-Za-zµμΩ°º˚℃℉€£¢%$ 0-9^*·⋅/().{}⁻⁰¹²³⁴⁵⁶⁷⁸⁹+−-]*)$"
)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)")
_PARTS = re.compile(rf"{_PART.pattern}(?:\s*(?:,|and)?\s*{_PART.pattern}){{1,3}}")
_LATEX = (
    (re.compile(r"\\(?:text|mathrm|textrm|mbox|operatorname|unit|si)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?"), "°"),
    (re.compile(r"\\(?:degree|celsius)"), "°"),
    (re.compile(r"\\(?:Omega|ohm)"), "Ω"),
    (re.compile(r"\\mu"), "µ"),
    (re.compile(r"\\[,;:! ]|~"), " "),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\cdot(?=\s*[A-Za-z])"), "*"),
    (re.compile(r"\\frac\s*\{\s*([A-Za-z]+)\s*\}\s*\{\s*([A-Za-z^0-9]+)\s*\}"), r"\1/\2"),
)


@dataclass(frozen=True)
class QuantityReading(Reading):
    """A number and the unit it was given in, None where it has none."""

    number: NumberReading
    unit: Unit | None

    @property
    def base(self) -> Fraction:
        """The value in base units."""
        unit = self.unit or ONE
        return self.number.value * unit.size + unit.offset


_CENTS = re.compile(r"(?:ct|cents?|c)\.?", re.IGNORECASE)
#: A hundredth of a euro.
CENT = Unit(read_unit("€").dimension, Fraction(1, 100))


class QuantityFormat(AnswerFormat):
    """``type: quantity``. Policies: units (required where not optional), form (any, same_unit), decimals, tolerances,
    significant, unevaluated. The answer is a number and a unit: ``5 m``; any unit of the same kind counts."""

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        number, unit = _split(text)
        return f"{expressions.evaluate(number, names)} {unit}".strip()

    def read(self, question: QuestionInstance, given: str) -> QuantityReading:
        if len(given) > limits.MAX_CHARS:
            message = f"That is very long: an answer has at most {limits.MAX_CHARS} characters."
            raise MalformedAnswer("too_long", message)
        text = _plain(given)
        compound = _compound(text)
        if compound is not None:
            return compound
        number, unit = _split(text)
        if not number:
            raise MalformedAnswer("no_number", "Please write a number with its unit, such as 12 kg.")
        if "=" in number:
            number = number.rsplit("=", 1)[1]
        reading = read_number(number)
        gold = _gold(question.answer).unit
        if _CENTS.fullmatch(unit) and _alike(gold, CENT):
            # A cent is a hundredth of the currency that is asked for.
            return QuantityReading(text=text.lower(), number=reading, unit=CENT)
        if unit in {"C", "F"} and _alike(gold, read_unit("K")):
            # Where a temperature is asked for, C is no coulomb.
            unit = f"°{unit}"
        return QuantityReading(text=text.lower(), number=reading, unit=read_unit(unit) if unit else None)

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        gold = _gold(value)
        if not isinstance(reading, QuantityReading):
            return False
        if reading.unit is None:
            return reading.number.value == gold.number.value
        return _alike(reading.unit, gold.unit) and reading.base == gold.base

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, QuantityReading)  # noqa: S101 — the reading is this format's own
        golds = [_gold(text) for text in (question.answer, *question.alternatives)]
        issue = ""
        for gold in golds:
            found = self._fit(question, reading, gold)
            if found == "":
                return self._formed(question, reading, gold)
            issue = issue or (found or "")
        if issue:
            return Verdict(verdict="form_issue", feedback=issue)
        return Verdict(verdict="wrong", feedback=_hint(reading, golds[0]))

    def _fit(self, question: QuestionInstance, reading: QuantityReading, gold: QuantityReading) -> str | None:
        """``""``: the value is right; text: right but for its precision; None: another quantity."""
        form = question.format
        if reading.unit is None:
            value, right = reading.number.value, gold.number.value
            if gold.unit is not None and not gold.unit.dimension and value == gold.base:
                # 0.25 is 25 %.
                return ""
        elif not _alike(reading.unit, gold.unit):
            return None
        else:
            # Compared in the learner's own unit, in which its decimals were written.
            unit = reading.unit
            value, right = reading.number.value, (gold.base - unit.offset) / unit.size
        if form.significant is not None:
            if value in significant_figures(right, form.significant):
                return ""
            written = figures_written(reading.number.text)
            near = value == right or (written > 1 and value in significant_figures(right, written))
            return f"You are on the right number; give it to {form.significant} significant figures." if near else None
        found = fit(form, value, reading.number.places, right)
        return "" if found.right else found.issue or None

    @staticmethod
    def _formed(question: QuestionInstance, reading: QuantityReading, gold: QuantityReading) -> Verdict:
        form = question.format
        if reading.unit is None and gold.unit is not None:
            if form.units == "optional":
                return Verdict(verdict="correct", feedback="Yes, that is right. A unit belongs to it.")
            return Verdict(verdict="form_issue", feedback="The number is right; now give it with its unit.")
        if form.form == "same_unit" and reading.unit is not None and reading.unit != gold.unit:
            return Verdict(verdict="form_issue", feedback="That is right; now give it in the unit asked for.")
        if reading.number.unevaluated and not form.unevaluated:
            return Verdict(verdict="form_issue", feedback="The value is right; now work it out to a single number.")
        return Verdict(verdict="correct", feedback="Yes, that is right.")

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        gold = _gold(question.answer)
        shown = {reading.base for reading in _quantities(question.prompt)}
        for reading in _quantities(text):
            if _alike(reading.unit, gold.unit) and reading.base == gold.base and reading.base not in shown:
                return True
        return False

    def problems(self, question: QuestionInstance) -> list[str]:
        form = question.format
        found: list[str] = []
        try:
            if _gold(question.answer).unit is None:
                found.append("the answer to a question of format quantity needs a unit, such as 5 m")
        except MalformedAnswer as error:
            found.append(f"the answer cannot be read: {error.message}")
        if form.units not in {"required", "optional", "none"}:
            found.append(f"units of a quantity is required or optional, not {form.units!r}")
        if form.form not in {"any", "same_unit"}:
            found.append(f"form of a quantity is any or same_unit, not {form.form!r}")
        return found


def _plain(text: str) -> str:
    for pattern, plain in _LATEX:
        text = pattern.sub(plain, text)
    text = re.sub(r"^\$(.*)\$$", r"\1", text.strip())
    text = bare(text)
    if re.fullmatch(r"\([^()]*\)", text):
        text = text[1:-1].strip()
    # "15,- €", "15.-", "EUR 15"
    text = re.sub(r"(?<=[0-9])[.,][-–—]{1,2}(?=\s|$|[€$£])", "", text)
    text = re.sub(r"^(EUR|USD|GBP|euros?|dollars?)\s+(?=[0-9])(.*)$", r"\2 \1", text, flags=re.IGNORECASE)
    currency = _CURRENCY.match(text)
    if currency:
        text = f"{currency[1]}{currency[3]} {currency[2]}"
    # Superscripts of units are exponents; "µ" and "Ω" have plain forms of their own.
    return unicode_plain(text.replace("℃", "°C").replace("℉", "°F").replace("\u2126", "Ω"))


def _split(text: str) -> tuple[str, str]:
    """Number and unit, as text."""
    text = text.strip()
    found = _UNIT.search(text)
    while found and not _is_unit(found[1]):
        # "3*10^8 m/s" and "5e3 m": what looks like a unit begins further right.
        found = _UNIT.search(text, found.start(1) + 1)
    if not found:
        return text, ""
    return text[: found.start(1)].strip(), found[1].strip()


def _compound(text: str) -> QuantityReading | None:
    """``1 h 30 min``, ``5 ft 6 in``: parts of one kind, added up in the unit of the first; None for anything else."""
    if not _PARTS.fullmatch(text):
        return None
    parts = [(Fraction(number), read_unit(unit)) for number, unit in _PART.findall(text)]
    first = parts[0][1]
    if any(unit.dimension != first.dimension or unit.offset for _, unit in parts):
        return None
    total = sum((number * unit.size for number, unit in parts), Fraction(0)) / first.size
    return QuantityReading(text=text.lower(), number=NumberReading(text=text, value=total), unit=first)


def _is_unit(text: str) -> bool:
    return not re.match(r"[eE][+-]?[0-9]", text)


@lru_cache(maxsize=4096)
def _gold(text: str) -> QuantityReading:
    number, unit = _split(text)
    reading = read_number(number)
    return QuantityReading(text=text, number=reading, unit=read_unit(unit) if unit else None)


def _alike(one: Unit | None, other: Unit | None) -> bool:
    return (one or ONE).dimension == (other or ONE).dimension


def _hint(reading: QuantityReading, gold: QuantityReading) -> str:
    if reading.unit is not None and not _alike(reading.unit, gold.unit):
        return "That unit measures something else: which quantity is asked for?"
    if reading.unit is not None and reading.number.value == gold.number.value:
        return "Look at the unit again: how large is one of it?"
    return "That is not right yet: go through your steps once more, with the units."


_MENTION = re.compile(r"(?<![A-Za-z0-9.,])[-−]?[0-9][0-9.,]*\s?(?:[A-Za-zµμΩ°%€£¢]+(?:[/^*·][A-Za-z0-9^]+)*)")


def _quantities(text: str) -> list[QuantityReading]:
    """Every number with a unit in running text."""
    found: list[QuantityReading] = []
    for span in _MENTION.finditer(_plain(text.replace("$", " "))):
        try:
            found.append(_gold(span[0]))
        except MalformedAnswer:
            continue
    return found
