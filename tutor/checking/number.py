"""Answers that are one number: ``7``, ``7/2``, ``3 1/2``, ``-0,5``, ``x = 7``, ``the answer is 7``. Exact rationals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from tutor import expressions
from tutor.checking.algebra.evaluation import constant
from tutor.checking.algebra.grammar import read_formula
from tutor.checking.algebra.language import Language
from tutor.checking.algebra.tree import Node, rational
from tutor.checking.answer_format import MAX_ANSWER, AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.normalisation import CLOSE, FRACTION, OPEN, mathematics
from tutor.checking.number_words import LARGE, fraction_from_words, from_words
from tutor.checking.phrasing import bare, last_step
from tutor.checking.precision import ROUND, cut, exact, figures_written, rounded, significant_figures, terminates
from tutor.checking.verdict import Verdict
from tutor.expressions import ExpressionError

if TYPE_CHECKING:
    from tutor import course as content
    from tutor.questions import QuestionInstance

_GROUPED = re.compile(r"[0-9]{1,3}(?:([ ,'])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_INDIAN = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?")
_EUROPEAN = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{1,3}(?: [0-9]{3})+,[0-9]+")
_DECIMAL = re.compile(r"[0-9]+|[0-9]*\.[0-9]+|[0-9]+\.")
_COMMA = re.compile(r"[0-9]*,[0-9]+")
_SCIENTIFIC = re.compile(
    r"([0-9]+(?:\.[0-9]+)?)(?:[eE]([+-]?[0-9]{1,3})|\s*\*\s*10\s*\^\s*[({]?\s*([+-]?[0-9]{1,3})\s*[)}]?)"
)
_FRACTION = re.compile(rf"{OPEN}?\(?([+-]?[0-9.,]+)\)?\s*/\s*\(?([+-]?[0-9.,]+)\)?{CLOSE}?")
_MIXED = re.compile(
    rf"([0-9]+)(?: +([0-9]+) ?/ ?([0-9]+)| *{OPEN}([0-9]+)/([0-9]+){CLOSE}| +and +([0-9]+) ?/ ?([0-9]+))"
)
_ARITHMETIC = re.compile(rf"[-+*/^(){{}}0-9., {OPEN}{CLOSE}]+")
_VARIABLE = re.compile(r"[A-Za-z]")
_LARGE = re.compile(rf"([-+]?[0-9][0-9.,]*)\s*({'|'.join(LARGE)})", re.IGNORECASE)
#: ``0.(3)``, ``0.1\\overline{6}``, ``0.3`` with a bar over the 3.
_REPEATING = re.compile(
    r"(?P<whole>[0-9]{0,12})[.,](?P<fixed>[0-9]{0,12}?)(?:\(([0-9]{1,12})\)|\\(?:overline|bar|dot)\s*\{\s*([0-9]{1,12})\s*\}|"
    r"([0-9])[\u0304\u0305\u0307])"
)
_LONG_INTEGER = re.compile(rf"[0-9]{{{expressions.MAX_DIGITS + 1},}}")


@dataclass(frozen=True)
class NumberReading(Reading):
    """A number and how it was written."""

    value: Fraction
    #: Decimal places written; None where the number is not a decimal.
    places: int | None = None
    #: ``2+5``, ``3*4``: arithmetic left undone.
    unevaluated: bool = False
    #: A fraction that is not in lowest terms.
    reducible: bool = False
    #: A fraction bar, or a whole part and a fraction.
    shape: str = "plain"
    #: Written with a per cent sign; ``value`` is then the hundredth.
    percent: bool = False
    #: ``x`` in ``x = 7``.
    variable: str | None = None
    #: ``1,234``: what it is where the comma is a decimal comma.
    comma: Fraction | None = None
    #: ``0.333…``
    cut_off: bool = False


class NumberFormat(AnswerFormat):
    """``type: number``. Policies: decimals, tolerance_abs, tolerance_rel, form, units, vars, accept_bare_value."""

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        return str(expressions.evaluate(text, names))

    def read(self, question: QuestionInstance, given: str) -> NumberReading:
        return read_number(given, question.format.vars, _asked_for(question.prompt))

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        return isinstance(reading, NumberReading) and Fraction(value) in _values(question, reading)

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, NumberReading)  # noqa: S101 — the reading is this format's own
        golds = [Fraction(question.answer), *(Fraction(other) for other in question.alternatives)]
        issue = ""
        for gold in golds:
            found = self._fit(question, reading, gold)
            if found == "":
                return self._formed(question, reading)
            issue = issue or (found or "")
        if issue:
            return _form_issue(issue)
        if reading.comma is not None and reading.comma in golds:
            return Verdict(
                verdict="malformed",
                code="ambiguous_comma",
                feedback="I cannot tell whether your comma is a decimal point: please write the number with a point.",
            )
        if reading.percent and question.format.units == "none":
            return Verdict(
                verdict="malformed", code="percent", feedback="Please give the number without a per cent sign."
            )
        return Verdict(verdict="wrong", feedback=_WRONG_SOLUTION if question.format.vars else _WRONG)

    def _fit(self, question: QuestionInstance, reading: NumberReading, gold: Fraction) -> str | None:
        """``""``: the value is right; text: right but for its precision; None: another value."""
        form = question.format
        values = _values(question, reading)
        if form.significant is not None:
            return _significant(form.significant, reading, gold)
        if gold in values and not reading.cut_off:
            to = ROUND.fullmatch(form.decimals)
            if to and reading.places is None and (gold * 10 ** int(to[1])).denominator != 1:
                return f"The value is right; now round it to {to[1]} decimal places."
            return ""
        slack = max(exact(form.tolerance_abs), abs(gold) * exact(form.tolerance_rel))
        if slack and any(abs(value - gold) <= slack for value in values):
            return ""
        if reading.places is None or reading.places < 1:
            return None
        if reading.cut_off and not terminates(gold) and _is_cut(reading, gold):
            return "That is cut off; give the exact value, for example as a fraction."
        asked = ROUND.fullmatch(form.decimals)
        if asked:
            places = int(asked[1])
            if reading.places == places and reading.value in rounded(gold, places):
                return ""
            if reading.value in rounded(gold, reading.places):
                return f"You are on the right number; give it to {places} decimal places."
            return None
        if reading.places >= 2 and not terminates(gold) and _is_cut(reading, gold):
            return "That is a rounded value; give the exact one, for example as a fraction."
        return None

    def _formed(self, question: QuestionInstance, reading: NumberReading) -> Verdict:
        form = question.format
        if reading.unevaluated:
            return _form_issue("The value is right; now work it out to a single number.")
        if reading.reducible and (form.form in {"simplified", "mixed"} or reading.value.denominator == 1):
            return _form_issue("The value is right; now write it in its simplest form.")
        if (
            form.form == "mixed"
            and reading.shape != "mixed"
            and abs(reading.value) > 1
            and reading.value.denominator > 1
        ):
            return _form_issue("The value is right; now write it as a mixed number.")
        if form.vars and not form.accept_bare_value and reading.variable is None:
            return _form_issue(f"The value is right; now write it as an equation that begins with {form.vars[0]} = .")
        return Verdict(verdict="correct", feedback="Yes, that is right.")

    def formula(self, reading: Reading) -> Node | None:
        return rational(reading.value) if isinstance(reading, NumberReading) else None

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        from_prompt = {value for value, _ in numbers_in(question.prompt, coefficients=True)}
        stated = {value for value, asserted in numbers_in(question.prompt) if asserted}
        for value, asserted in numbers_in(text):
            if value != Fraction(question.answer):
                continue
            if value not in from_prompt or (asserted and value not in stated):
                return True
        return False

    def problems(self, question: QuestionInstance) -> list[str]:
        form = question.format
        found: list[str] = []
        if form.decimals not in {"exact", "tolerance"} and not ROUND.fullmatch(form.decimals):
            found.append(f"decimals is exact, round(n) or tolerance, not {form.decimals!r}")
        if form.decimals == "tolerance" and form.tolerance_abs is None and form.tolerance_rel is None:
            found.append("decimals: tolerance needs tolerance_abs or tolerance_rel")
        if form.form not in {"any", "simplified", "mixed"}:
            found.append(f"form of a number is any, simplified or mixed, not {form.form!r}")
        if form.units not in {"none", "optional", "percent"}:
            found.append(f"units of a number is none, optional or percent, not {form.units!r}")
        return found


#: What a question counts; a unit or a part of a number is no such thing.
_COUNTED = re.compile(r"\bhow many\s+([a-z]{3,})", re.IGNORECASE)
_NO_THING = frozenset({"dozen", "dozens", "hundred", "thousand", "times", "per", "percent", "halves", "quarters"})


@lru_cache(maxsize=1024)
def _asked_for(prompt: str) -> str:
    found = _COUNTED.search(prompt)
    if found is None or found[1].lower() in _NO_THING:
        return ""
    return found[1].removesuffix("s")


_WRONG = "That is not right yet: go through your steps once more."
_WRONG_SOLUTION = "That is not right yet: put your value into the equation and see whether both sides come out equal."
_WHAT = "Please write one number, such as -3, 2.5 or 3/4."


def read_number(given: str, variables: list[str] | None = None, asked_for: str = "") -> NumberReading:
    """The one number in ``given``. Raises ``MalformedAnswer``; never takes long, never runs anything.

    ``asked_for``: what is counted ("How many *eggs* …"), which may stand behind the number.
    """
    if len(given) > MAX_ANSWER:
        raise MalformedAnswer("too_long", f"That is very long: an answer has at most {MAX_ANSWER} characters.")
    text = _prepared(given, asked_for)
    if not text:
        raise MalformedAnswer("empty", _WHAT)
    if _LONG_INTEGER.search(text):
        raise MalformedAnswer("too_large", "That number has too many digits to be the answer here; please check it.")
    return _read_sides(text, variables or [])


def _prepared(given: str, asked_for: str) -> str:
    # A raised point in front of whose digits stands a lone 0 is British for a decimal point, not a product.
    given = re.sub(r"(?<![0-9.,])0·(?=[0-9])", "0.", given)
    text = last_step(bare(mathematics(given)))
    text = re.sub(r"^([A-Za-z]):\s*", r"\1 = ", text)
    text = re.sub(r"(?<=[0-9])\s*&\s*(?=[0-9])", " and ", text)
    text = re.sub(r"\s+(?:percent|per cent|pct)$", "%", text, flags=re.IGNORECASE)
    if asked_for:
        text = re.sub(rf"(?<=[\s0-9]){re.escape(asked_for)}s?$", "", text, flags=re.IGNORECASE).strip()
    return text


def _read_sides(text: str, variables: list[str]) -> NumberReading:
    sides = [side.strip() for side in re.split(r"=+", text)]
    if len(sides) > 6 or not all(sides):
        raise MalformedAnswer("not_a_number", _WHAT)
    letters = [side for side in sides if _VARIABLE.fullmatch(side)]
    if len(letters) > 1 or (letters and len(sides) == 1):
        raise MalformedAnswer("not_a_number", _WHAT)
    if letters and variables and letters[0].lower() not in {name.lower() for name in variables}:
        raise MalformedAnswer("other_variable", f"This question asks for {variables[0]}, not for {letters[0]}.")
    values = [side for side in sides if side not in letters]
    if len(values) > 1 or letters:
        for side in values:
            if re.search(r"[A-Za-z]", side) and from_words(side) is None:
                name = variables[0] if variables else "the unknown"
                raise MalformedAnswer("not_solved", f"That is an equation; please give the value of {name} on its own.")
    readings = [_read_value(side, variables) for side in values]
    if len({reading.value for reading in readings}) > 1:
        raise MalformedAnswer("sides_differ", "The two sides of what you wrote are not equal; please check it.")
    # "10 - 3 = 7" and "x = 10 - 3 = 7" end with the answer worked out.
    best = next((reading for reading in readings if not reading.unevaluated), readings[-1])
    return _with(best, variable=letters[0] if letters else None, text=text.lower())


def _with(reading: NumberReading, **changes: object) -> NumberReading:
    return NumberReading(**{**reading.__dict__, **changes})


def _read_value(text: str, variables: list[str]) -> NumberReading:
    percent = text.endswith("%")
    words = text.rstrip("% ")
    spelt = from_words(words)
    worded = fraction_from_words(words) if spelt is None else Fraction(spelt)
    if worded is not None:
        value = worded / 100 if percent else worded
        return NumberReading(text=text.lower(), value=value, percent=percent)
    text = re.sub(r"^(?:negative|minus|neg)\s+(?=[0-9.])", "-", text, flags=re.IGNORECASE)
    large = _LARGE.fullmatch(text)
    if large:
        counted = _read_value(large[1], variables)
        return _with(counted, text=text.lower(), value=counted.value * LARGE[large[2].lower()], places=None)
    literal = _literal(text)
    if literal is not None:
        return literal
    if re.fullmatch(r"[-+]?[0-9][0-9.]*\s*(?:or|and|,|;)\s*[-+]?[0-9].*", text):
        raise MalformedAnswer("one_number", "Please give one number only.")
    if re.search(r"[A-Za-z\\]", text):
        if re.fullmatch(r"[-+]?[0-9][0-9.,/ ]*\s*[A-Za-z]{2,}.*", text):
            raise MalformedAnswer("extra_text", "Please give just the number, without words or units.")
        return _worked_out(text)
    if not _ARITHMETIC.fullmatch(text):
        return _worked_out(text)
    try:
        return NumberReading(text=text.lower(), value=expressions.evaluate(_as_expression(text)), unevaluated=True)
    except ExpressionError:
        raise MalformedAnswer("not_a_number", f"I cannot read that as a number. {_WHAT}") from None


def _worked_out(text: str) -> NumberReading:
    """A formula without unknowns whose value is rational, such as ``sqrt(16)``: a number not worked out yet."""
    try:
        value = constant(read_formula(text, Language()))
    except MalformedAnswer:
        value = None
    if not isinstance(value, Fraction):
        raise MalformedAnswer("not_a_number", _WHAT)
    return NumberReading(text=text.lower(), value=value, unevaluated=True)


def _as_expression(text: str) -> str:
    text = re.sub(rf"([0-9]+)\s*{OPEN}([0-9]+/[0-9]+){CLOSE}", r"(\1+\2)", text)
    text = FRACTION.sub(r"(\1)", text).replace("{", "(").replace("}", ")")
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text)
    return re.sub(r"(?<=[0-9)])\s*(?=\()", "*", text)


def _literal(text: str) -> NumberReading | None:
    """A number that is written out: nothing left to work out. None where ``text`` is something else."""
    text = text.strip()
    for _ in range(3):
        if (text[:1], text[-1:]) in {("(", ")"), ("{", "}")} and text[1:-1].count(text[0]) == text[1:-1].count(
            text[-1]
        ):
            text = text[1:-1].strip()
    sign = 1
    signed = re.fullmatch(r"([-+])\s*(.*)", text)
    body = text
    if signed:
        sign, body = (-1 if signed[1] == "-" else 1), signed[2]
        if body.startswith("(") and body.endswith(")") and body.count("(") == 1:
            body = body[1:-1].strip()
    percent = body.endswith("%")
    body = body.rstrip("%").strip() if percent else body
    repeating = _REPEATING.fullmatch(body)
    if repeating:
        value = sign * _repeated(repeating["whole"], repeating["fixed"], next(filter(None, repeating.groups()[2:])))
        return NumberReading(text=text.lower(), value=value / 100 if percent else value, percent=percent)
    cut_off = body.endswith("...") and "." in body[:-3]
    body = body[:-3] if cut_off else body
    found = _unsigned(body)
    if found is None:
        return None
    scale = Fraction(sign, 100 if percent else 1)
    return _with(
        found,
        text=text.lower(),
        value=found.value * scale,
        comma=None if found.comma is None else found.comma * scale,
        percent=percent,
        cut_off=cut_off,
    )


def _repeated(whole: str, fixed: str, period: str) -> Fraction:
    start = Fraction(int(f"{whole or 0}{fixed}"), 10 ** len(fixed))
    return start + Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(fixed))


def _unsigned(body: str) -> NumberReading | None:
    mixed = _MIXED.fullmatch(body)
    if mixed:
        whole, top, bottom = (int(part) for part in mixed.groups() if part is not None)
        if 0 < top < bottom:
            reducible = Fraction(top, bottom).denominator != bottom
            return NumberReading(text=body, value=whole + Fraction(top, bottom), shape="mixed", reducible=reducible)
        return None
    fraction = _FRACTION.fullmatch(body)
    if fraction:
        top_part, bottom_part = _signed_decimal(fraction[1]), _signed_decimal(fraction[2])
        if top_part is None or bottom_part is None:
            return None
        if bottom_part == 0:
            raise MalformedAnswer("division_by_zero", "A fraction cannot have 0 below the bar; please check it.")
        value = top_part / bottom_part
        return NumberReading(text=body, value=value, shape="fraction", reducible=value.denominator != abs(bottom_part))
    scientific = _SCIENTIFIC.fullmatch(body)
    if scientific:
        exponent = int(scientific[2] or scientific[3])
        if abs(exponent) > expressions.MAX_DIGITS:
            raise MalformedAnswer(
                "too_large", "That number is too large or too small to be the answer; please check it."
            )
        return NumberReading(text=body, value=Fraction(scientific[1]) * Fraction(10) ** exponent)
    return _decimal(body)


def _signed_decimal(text: str) -> Fraction | None:
    negative = text.startswith("-")
    found = _decimal(text.lstrip("+-"))
    if found is None:
        return None
    return -found.value if negative else found.value


def _decimal(body: str) -> NumberReading | None:
    if _DECIMAL.fullmatch(body):
        places = len(body.partition(".")[2]) if "." in body else None
        return NumberReading(text=body, value=Fraction(body.rstrip(".")), places=places)
    if (_GROUPED.fullmatch(body) or _INDIAN.fullmatch(body)) and not body.startswith("0"):
        plain = re.sub(r"[ ,']", "", body)
        comma = Fraction(body.replace(",", ".")) if re.fullmatch(r"[0-9]{1,3},[0-9]{3}", body) else None
        places = len(plain.partition(".")[2]) if "." in plain else None
        return NumberReading(text=body, value=Fraction(plain), places=places, comma=comma)
    if _EUROPEAN.fullmatch(body):
        plain = body.replace(".", "").replace(" ", "").replace(",", ".")
        places = len(plain.partition(".")[2]) if "." in plain else None
        return NumberReading(text=body, value=Fraction(plain), places=places)
    if _COMMA.fullmatch(body):
        plain = body.replace(",", ".")
        return NumberReading(text=body, value=Fraction(plain), places=len(plain.partition(".")[2]))
    return None


def _values(question: QuestionInstance, reading: NumberReading) -> list[Fraction]:
    """What the answer can mean under this question's units."""
    if reading.percent and question.format.units == "percent":
        return [reading.value * 100]
    return [reading.value]


def _significant(figures: int, reading: NumberReading, gold: Fraction) -> str | None:
    written = figures_written(reading.text)
    if reading.value in significant_figures(gold, figures):
        # The zeros of 2500 may or may not be meant.
        plain = reading.text.strip("+-").isdecimal()
        if written == figures or (plain and written >= figures):
            return ""
        return f"The value is right; give it to {figures} significant figures."
    if reading.value == gold or reading.value in significant_figures(gold, written):
        return f"You are on the right number; give it to {figures} significant figures."
    return None


def _is_cut(reading: NumberReading, gold: Fraction) -> bool:
    places = reading.places or 0
    return reading.value == cut(gold, places) or reading.value in rounded(gold, places)


def _form_issue(feedback: str) -> Verdict:
    return Verdict(verdict="form_issue", feedback=feedback)


_SPAN = re.compile(
    rf"(?<![A-Za-z0-9.,^_{OPEN}])(?P<sign>-\s?)?"
    rf"(?P<body>[0-9]+ ?{OPEN}[0-9]+/[0-9]+{CLOSE}|{OPEN}-?[0-9.]+/[0-9.]+{CLOSE}|"
    r"[0-9]+ [0-9]+/[0-9]+|[0-9]+(?:[.,][0-9]+)*(?:\s?/\s?[0-9]+(?:\.[0-9]+)?)?)(?![0-9]|[A-Za-z](?![A-Za-z]))"
)
_ASSERTED = re.compile(
    r"(?:(?<![A-Za-z0-9*/+)-])(?<![-+*/] )[A-Za-z]\s*=|\b(?:answer|solution|result|value of [A-Za-z]|[A-Za-z])"
    r"(?:\s+(?:of [A-Za-z ]{1,20})?)?\s*(?:is|=|equals|:|would be|must be))\s*$",
    re.IGNORECASE,
)
_WORDED = re.compile(
    r"\b(?:answer|solution|result|it|that|this|[A-Za-z])\s*(?:is|=|equals|:|would be|must be)\s+"
    r"((?:minus |negative )?[a-z]+(?:[- ][a-z]+)?)",
    re.IGNORECASE,
)


def numbers_in(text: str, *, coefficients: bool = False) -> list[tuple[Fraction, bool]]:
    """Every number written in ``text`` and whether it is stated as an answer ("x = 7", "the answer is 7").

    The 7 of ``7x`` is a number of its own only with ``coefficients``.
    """
    plain = (
        mathematics(re.sub(r"^\s*[0-9]{1,2}[.)]\s", "", text, flags=re.MULTILINE)).replace("*", " ").replace("  ", " ")
    )
    if coefficients:
        plain = re.sub(r"(?<=[0-9])(?=[A-Za-z])", " ", plain)
    found: list[tuple[Fraction, bool]] = []
    for span in _SPAN.finditer(plain):
        body = span["body"].rstrip(".,")
        try:
            reading = _unsigned(body)
        except MalformedAnswer:
            continue  # "1/0" in a text is no number, and no reason to stop reading
        if reading is None:
            continue
        before = plain[: span.start()].rstrip()
        # In "5 - 3" the minus belongs to the difference, not to the 3: both readings count.
        values = {reading.value}
        if span["sign"]:
            values = {-reading.value} if not re.search(r"[A-Za-z0-9)]$", before) else {reading.value, -reading.value}
        asserted = _ASSERTED.search(before[-60:]) is not None
        found += [(value, asserted) for value in values]
        if reading.comma is not None:
            found.append((reading.comma, asserted))
    for span in _WORDED.finditer(plain):
        worded = from_words(span[1])
        if worded is None:
            worded = from_words(span[1].split()[0])
        if worded is not None:
            found.append((Fraction(worded), True))
    return found
