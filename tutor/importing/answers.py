"""The answer of another program as formats of a course: those that could say it, the strictest first.

Each ``Candidate`` is tried by the course's own rules (``building``); the first whose own answer is judged correct and
whose counter-example is judged wrong is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from string import ascii_lowercase

from tutor import course as content
from tutor.checking import formats
from tutor.draws import number
from tutor.expressions import ExpressionError, evaluate
from tutor.importing.item import Answer, Choose, Compute, Match, Name, Refused
from tutor.importing.texts import formula

#: Words that are hardly ever right, to prove that not everything is accepted.
_OTHER_WORDS = ("something else", "another thing", "no idea what it is called")

_WRAPPED = re.compile(r"^\s*\$+(.*?)\$+\s*$", re.DOTALL)
_POSITIONAL = re.compile(r"\b(?:of the above|of these|both [a-e]\b|[a-e] and [a-e]\b|neither [a-e]\b)", re.IGNORECASE)
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_FUNCTIONS = {"sqrt", "sin", "cos", "tan", "ln", "log", "exp", "pi", "theta", "abs", "sec", "csc", "cot", "infty"}


@dataclass(frozen=True)
class Candidate:
    """A format, and the answers in its language."""

    format: content.Format
    answer: str
    alternatives: list[str] = field(default_factory=list)
    #: The answer as solutions say it (Markdown).
    shown: str = ""
    #: Answers of which one has to be judged wrong.
    wrong: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def candidates(answer: Answer) -> Iterator[Candidate]:
    """Formats that could say this answer. Raises ``Refused`` where there is none at all."""
    match answer:
        case Choose():
            yield _choice(answer)
        case Name():
            yield _short_text(answer)
        case Match():
            yield _match(answer)
        case Compute():
            yield from _computed(answer)


def _choice(answer: Choose) -> Candidate:
    losses: list[str] = []
    options = {option.text: option for option in answer.options if option.text.strip()}
    for option in answer.options:
        if options.get(option.text, option).right != option.right:
            raise Refused(f"the option {option.text!r} is right and wrong at once")
    if len(options) < len(answer.options):
        losses.append("an option that stands there twice was left out")
    kept = list(options.values())
    if not 2 <= len(kept) <= len(ascii_lowercase):
        raise Refused("a choice needs two options, and has at most 26")
    right = [letter for letter, option in zip(ascii_lowercase, kept, strict=False) if option.right]
    if not right:
        raise Refused("none of its options is right")
    many = answer.many or len(right) > 1
    choices = [
        content.Choice(id=letter, text=option.text, feedback=option.feedback)
        for letter, option in zip(ascii_lowercase, kept, strict=False)
    ]
    wrong = [choice.id for choice in choices if choice.id not in right]
    if not wrong:
        raise Refused("all of its options are right")
    positional = any(_POSITIONAL.search(option.text) for option in kept)
    return Candidate(
        format=content.Format(
            type="choice",
            choices=choices,
            select="many" if many else "one",
            shuffle=answer.shuffle and not positional,
        ),
        answer=", ".join(right),
        shown="; ".join(choice.text for choice in choices if choice.id in right),
        wrong=wrong,
        losses=losses,
    )


def _short_text(answer: Name) -> Candidate:
    first, *others = list(dict.fromkeys(text.strip() for text in answer.answers if text.strip())) or [""]
    if not first:
        raise Refused("its answer is empty")
    if len(first) > 80 or first.count(" ") > 8:
        raise Refused("its answer is a sentence, which words alone cannot judge; write rubric points for it")
    return Candidate(
        format=content.Format(type="short_text", aliases=others, case=answer.case),
        answer=first,
        shown=first,
        # The forgiveness for slips of words must not reach numbers.
        wrong=[_other_number(first)] if any(char.isdigit() for char in first) else [*_OTHER_WORDS],
    )


def _other_number(text: str) -> str:
    last = max(at for at, char in enumerate(text) if char.isdigit())
    return text[:last] + str((int(text[last]) + 1) % 10) + text[last + 1 :]


def _match(answer: Match) -> Candidate:
    rights = list(dict.fromkeys([*(right for _, right in answer.pairs), *answer.others]))
    if not 2 <= len(answer.pairs) <= len(ascii_lowercase) or len(rights) < 2:
        raise Refused("matching needs two pairs, and has at most 26")
    if len({left for left, _ in answer.pairs}) < len(answer.pairs):
        raise Refused("two of the things to be matched say the same")
    # In an order that tells nothing: the pairs stand side by side in the source.
    targets = sorted(rights, key=number)
    numbers = {text: str(at) for at, text in enumerate(targets, start=1)}
    letters = dict(zip(ascii_lowercase, answer.pairs, strict=False))
    right = [(letter, numbers[text]) for letter, (_, text) in letters.items()]
    turned = [numbers[text] for _, text in [*answer.pairs[1:], answer.pairs[0]]]
    return Candidate(
        format=content.Format(
            type="match",
            choices=[content.Choice(id=letter, text=left) for letter, (left, _) in letters.items()],
            targets=[content.Target(id=numbers[text], text=text) for text in targets],
        ),
        answer=", ".join(f"{letter}:{target}" for letter, target in right),
        shown="; ".join(f"{left}: {text}" for left, text in answer.pairs),
        wrong=[", ".join(f"{letter}-{target}" for letter, target in zip(letters, turned, strict=True))],
    )


def _computed(answer: Compute) -> Iterator[Candidate]:
    texts = [_unwrapped(text) for text in answer.answers]
    number = _number(texts, answer)
    if number is not None:
        yield number
        return
    written = [_plain(text) for text in texts]
    first, *others = written
    letters = sorted(set(re.findall(r"[A-Za-z]", re.sub(r"[A-Za-z]{2,}", "", first))))
    tried = False
    for kind, wrong in (
        ("interval", f"{first}+1"),
        ("point", "(17, 23)"),
        ("inequality", "z > 17"),
        ("equation", "z = 17"),
        ("expression", f"({first}) + 1"),
    ):
        if kind in formats.FORMATS and _looks_like(kind, first):
            tried = True
            yield Candidate(
                format=content.Format(type=kind, vars=letters),
                answer=first,
                alternatives=others,
                shown=formula(texts[0]),
                wrong=[wrong],
            )
    if not tried:
        raise Refused(f"its answer {texts[0][:60]!r} is of a form that this release cannot check")


def _looks_like(kind: str, text: str) -> bool:
    match kind:
        case "interval":
            return re.fullmatch(r"[\[(][^,]+,[^,]+[\])]", text) is not None
        case "point":
            return re.fullmatch(r"\([^,()]+,[^,()]+\)", text) is not None
        case "inequality":
            return any(sign in text for sign in ("<", ">", "≤", "≥"))
        case "equation":
            return text.count("=") == 1
    return not re.search(r"[=<>,;]", text)


def _number(texts: list[str], answer: Compute) -> Candidate | None:
    found = [_named_value(text) for text in texts]
    if not found or found[0] is None:
        return None
    name, value = found[0]
    alternatives = [one[1] for one in found[1:] if one is not None and one[1] != value]
    decimals = "exact"
    if answer.tolerance:
        decimals = "tolerance"
    elif answer.places is not None:
        decimals = f"round({answer.places})"
    return Candidate(
        format=content.Format(
            type="number",
            vars=[name] if name else [],
            decimals=decimals,
            tolerance_abs=answer.tolerance or None,
        ),
        answer=value,
        alternatives=alternatives,
        shown=texts[0] if texts[0].isalnum() else formula(texts[0]),
        wrong=[str(Fraction(evaluate(value)) + step) for step in (1 + Fraction(answer.tolerance or 0).__ceil__(), -7)],
    )


def _named_value(text: str) -> tuple[str, str] | None:
    """``x = 7/2`` as its unknown and an expression of the course's language."""
    name, _, right = text.partition("=")
    if right:
        unknown = name.strip()
        if len(unknown) != 1 or not unknown.isalpha():
            return None
    else:
        unknown, right = "", text
    plain = re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", _plain(right))
    mixed = re.fullmatch(r"\s*(-?)(\d+)\s*\(\((\d+)\)/\((\d+)\)\)\s*", plain)
    if mixed:
        plain = f"{mixed[1]}({mixed[2]}+{mixed[3]}/{mixed[4]})"
    try:
        evaluate(plain)
    except ExpressionError:
        return None
    return unknown, plain.strip()


def _unwrapped(text: str) -> str:
    wrapped = _WRAPPED.match(text)
    return (wrapped[1] if wrapped else text).strip()


def _plain(latex: str) -> str:
    r"""LaTeX as a person types it: ``\frac{1}{2}`` is ``((1)/(2))``. What has no typed form stays as it is."""
    text = latex.replace("\\left", "").replace("\\right", "").replace("**", "^")
    for _ in range(30):
        shorter = re.sub(r"\\d?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"((\1)/(\2))", text)
        shorter = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"sqrt(\1)", shorter)
        shorter = re.sub(r"\^\s*\{([^{}]*)\}", r"^(\1)", shorter)
        if shorter == text:
            break
        text = shorter
    for command, sign in (
        (r"\\(?:cdot|times|ast)(?![A-Za-z])", "*"),
        (r"\\div(?![A-Za-z])", "/"),
        (r"\\(?:le|leq|leqslant)(?![A-Za-z])", "≤"),
        (r"\\(?:ge|geq|geqslant)(?![A-Za-z])", "≥"),
        (r"\\lt(?![A-Za-z])", "<"),
        (r"\\gt(?![A-Za-z])", ">"),
        (r"\\infty(?![A-Za-z])", "∞"),
        (r"\\pi(?![A-Za-z])", "π"),
        (r"\\[,;:! ]", " "),
    ):
        text = re.sub(command, sign, text)
    return _COMMAND.sub(lambda found: found[1] if found[1] in _FUNCTIONS else found[0], text)
