"""What Moodle XML and GIFT have in common: question types by their answers, weights, categories."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from tutor.importing.item import Choose, Compute, Name, Option, Refused

#: In bytes.
MAX_FILE = 200_000_000
ESSAY = "it is an essay, which no program can judge by itself; write rubric points for it (format free_text)"


def read_text(file: Path) -> str:
    """The file as text. Raises ``Refused``."""
    if file.stat().st_size > MAX_FILE:
        raise Refused(f"{file} has more than {MAX_FILE:,} bytes; export it in parts")
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8 text") from None


def topic(category: str, default: str = "Questions") -> tuple[str, str]:
    """``$course$/top/Algebra/Fractions`` as a topic's id and title."""
    parts = [part.strip() for part in re.split(r"(?<!/)/(?!/)", category.strip())]
    kept = [part.replace("//", "/") for part in parts if part and part != "top" and not part.startswith("$")]
    title = " / ".join(kept) or default
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or "questions", title[:200]


def true_false(right: bool) -> Choose:
    return Choose([Option("True", right), Option("False", not right)], shuffle=False)


def choice(options: list[tuple[str, float, str]], *, many: bool, losses: list[str], shuffle: bool = True) -> Choose:
    """Options as (text, share of the marks in per cent, feedback)."""
    best = max((weight for _, weight, _ in options), default=0.0)
    if best <= 0:
        raise Refused("none of its options is right")
    if not many and any(0 < weight < best for _, weight, _ in options):
        losses.append("an option for a part of the marks counts as wrong")
    chosen = [Option(text, weight > 0 if many else weight == best, feedback) for text, weight, feedback in options]
    return Choose(chosen, many=many, shuffle=shuffle)


def words(answers: list[tuple[str, float]], losses: list[str], *, case: bool = False) -> Name:
    """Answers as (text, share of the marks in per cent); ``*`` in a text stands for anything."""
    right = [text for text, weight in answers if weight >= 100 and text]
    if any(0 < weight < 100 for _, weight in answers):
        losses.append("an answer for a part of the marks counts as wrong")
    literal = [text.replace("\\*", "*") for text in right if not re.search(r"(?<!\\)\*", text)]
    if not literal:
        raise Refused("its answer is a pattern with *, so that a program cannot tell the answer")
    if len(literal) < len(right):
        losses.append("an answer that is a pattern with * was left out")
    return Name(literal, case=case)


def number(answers: list[tuple[str, str, float]], losses: list[str]) -> Compute:
    """Answers as (value, tolerance, share of the marks in per cent)."""
    right = [
        (exact(value), exact(tolerance or "0"))
        for value, tolerance, weight in answers
        if weight >= 100 and value != "*"
    ]
    if any(0 < weight < 100 for _, _, weight in answers):
        losses.append("a value for a part of the marks counts as wrong")
    if not right:
        raise Refused("none of its values is right")
    widest = max(tolerance for _, tolerance in right)
    if len({tolerance for _, tolerance in right}) > 1:
        losses.append("its values have different tolerances; the widest holds for all")
    return Compute([_written(value) for value, _ in right], tolerance=float(widest) or None)


def exact(text: str) -> Fraction:
    """A number as these formats write it. Raises ``Refused``."""
    try:
        value = Fraction(text.strip().replace(",", "."))
    except (ValueError, ZeroDivisionError):
        raise Refused(f"its answer {text.strip()[:40]!r} is not a number") from None
    if max(abs(value.numerator), value.denominator) > 10**30:
        raise Refused("its answer is too large or too small a number")
    return value


def _written(value: Fraction) -> str:
    """As a decimal where it is one: a person typed it so."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if denominator != 1 or value.denominator == 1:
        return str(value)
    places = next(n for n in range(1, 110) if value.denominator and 10**n % value.denominator == 0)
    digits = f"{abs(value.numerator) * (10**places // value.denominator):0{places + 1}d}"
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
