"""Questions to check answers of, and the ways people write one number."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from tutor import course as content
from tutor.questions import InstanceError, QuestionInstance


def question(
    form: content.Format, answer: str, *, prompt: str = "?", errors: list[InstanceError] | None = None
) -> QuestionInstance:
    choices = [{"id": choice.id, "text": choice.text} for choice in form.choices] or None
    return QuestionInstance(
        id="q",
        part="main",
        skills=["s"],
        prompt=prompt,
        format=form,
        answer=answer,
        alternatives=[],
        hints=[],
        solution=[],
        errors=errors or [],
        explain_keys=[],
        seed=1,
        choices=choices,
    )


def number(answer: str | int | Fraction, *, prompt: str = "?", **policy: Any) -> QuestionInstance:
    return question(content.Format(type="number", **policy), str(answer), prompt=prompt)


def random_number(rng: random.Random) -> Fraction:
    """Whole, decimal, fractional; small and large; of either sign."""
    kind = rng.randrange(4)
    sign = rng.choice([1, 1, -1])
    if kind == 0:
        return Fraction(sign * rng.randrange(0, 100))
    if kind == 1:
        return Fraction(sign * rng.randrange(1000, 10_000_000))
    if kind == 2:
        return Fraction(sign * rng.randrange(1, 10_000), 10 ** rng.randrange(1, 4))
    return Fraction(sign * rng.randrange(1, 60), rng.randrange(2, 30))


def numerals(value: Fraction, rng: random.Random) -> dict[str, str]:
    """The finished forms of a number by class of form."""
    sign = "-" if value < 0 else ""
    size = abs(value)
    forms: dict[str, str] = {}
    decimal = _decimal(size)
    if decimal is not None:
        forms["decimal"] = sign + decimal
        forms["trailing zero"] = sign + (decimal + "0" if "." in decimal else decimal + ".0")
        if "." in decimal:
            whole, places = decimal.split(".")
            # 1,234 alone is twelve hundred and thirty-four in English: no decimal comma with three places.
            if len(places) != 3:
                forms["decimal comma"] = f"{sign}{whole},{places}"
            if whole == "0":
                forms["no leading zero"] = f"{sign}.{places}"
        whole, _, places = decimal.partition(".")
        if len(whole) > 3:
            for name, separator in (("comma", ","), ("space", " "), ("apostrophe", "'"), ("thin space", "\u202f")):
                forms[f"thousands {name}"] = (
                    sign + f"{int(whole):,}".replace(",", separator) + (f".{places}" if places else "")
                )
    if size.denominator > 1:
        top, bottom = size.numerator, size.denominator
        forms["fraction"] = f"{sign}{top}/{bottom}"
        forms["spaced fraction"] = f"{sign}{top} / {bottom}"
        forms["fraction slash"] = f"{sign}{top}⁄{bottom}"
        forms["division sign"] = f"{sign}{top}÷{bottom}"
        forms["latex fraction"] = f"{sign}\\frac{{{top}}}{{{bottom}}}"
        forms["latex display fraction"] = f"{sign}\\dfrac{{{top}}}{{{bottom}}}"
        factor = rng.randrange(2, 6)
        forms["unreduced fraction"] = f"{sign}{top * factor}/{bottom * factor}"
        if top < 10 and bottom < 10:
            forms["latex digits"] = f"{sign}\\frac{top}{bottom}"
        if top > bottom:
            whole_part, rest = divmod(top, bottom)
            forms["mixed number"] = f"{sign}{whole_part} {rest}/{bottom}"
            forms["latex mixed number"] = f"{sign}{whole_part}\\frac{{{rest}}}{{{bottom}}}"
    return forms


def wrapped(numeral: str, rng: random.Random) -> dict[str, str]:
    """What people put around a number."""
    return {
        "bare": numeral,
        "spaces": f"  {numeral} ",
        "full stop": f"{numeral}.",
        "x =": f"x = {numeral}",
        "x=": f"x={numeral}",
        "= x": f"{numeral} = x",
        "X upper": f"X = {numeral}",
        "equals": f"= {numeral}",
        "the answer is": f"the answer is {numeral}",
        "The answer is .": f"The answer is {numeral}.",
        "i think": f"I think it's {numeral}",
        "x is": f"x is {numeral}",
        "it is": f"it is {numeral}",
        "dollars": f"${numeral}$",
        "x = dollars": f"$x = {numeral}$",
        "latex parens": f"\\({numeral}\\)",
        "parentheses": f"({numeral})",
        "boxed": f"\\boxed{{{numeral}}}" if "{" not in numeral else f"\\boxed {numeral}".replace("\\boxed ", ""),
        "question mark": f"{numeral}?",
        "unicode minus": numeral.replace("-", "−"),
        "en dash": numeral.replace("-", "–"),
        "full width": numeral.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        "plus": numeral if numeral.startswith("-") else f"+{numeral}",
        "bold": f"**{numeral}**",
    }


def _decimal(size: Fraction) -> str | None:
    for places in range(8):
        scaled = size * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            return f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return None
