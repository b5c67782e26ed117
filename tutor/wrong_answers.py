"""What wrong answers have in common: the same value, or the same slip with other numbers.

Learners of a template see different numbers, so their answers differ where their slip is the same. For a question of
numbers, small expressions over its parameters are tried: the one that gives the wrong answers of most learners names
the slip, and is what a known error's ``match`` says. Of equally good ones the shortest is taken: it is the likeliest.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from tutor import course as content
from tutor.checking import check, formats
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.number import read_number
from tutor.checking.wording import folded
from tutor.draws import parameters
from tutor.expressions import ExpressionError
from tutor.questions import QuestionInstance, instance_of

#: Different (numbers, answer) pairs that expressions are tried on; more of them cost time and say little more.
MAX_SAMPLES = 40
#: Share of draws for which a slip may give the right answer by chance.
MAX_RIGHT = 0.25
_PROOF_SEEDS = range(24)
_CONSTANTS = (1, 2, 10)
_OPERATIONS: tuple[tuple[str, int, Callable[[Fraction, Fraction], Fraction]], ...] = (
    ("+", 1, operator.add),
    ("-", 1, operator.sub),
    ("*", 2, operator.mul),
    ("/", 2, operator.truediv),
)


#: An expression, its length, and its value for each sample; None where it has none.
Column = tuple[str, int, list[Fraction | None]]


@dataclass(frozen=True)
class WrongAnswer:
    """One wrong answer of one learner."""

    learner: int
    given: str
    #: What the question was drawn from; None where the log does not tell.
    seed: int | None


@dataclass(frozen=True)
class Pattern:
    """Wrong answers that are one slip."""

    #: What a known error says in ``match``: an expression, option ids, or a text.
    match: str
    learners: int
    times: int
    #: As learners wrote it.
    examples: tuple[str, ...]


def patterns(
    course: content.Course, topic: content.Topic, question: content.Question, answers: Iterable[WrongAnswer]
) -> list[Pattern]:
    """The slips behind these answers, the one of most learners first. An answer stands in one pattern at most."""
    kind = question.format.type
    if kind == "number" and question.params:
        return _expressions(course, topic, question, list(answers))
    keyed: dict[str, list[WrongAnswer]] = defaultdict(list)
    for answer in answers:
        key = _key(course, topic, question, answer)
        if key is not None:
            keyed[key].append(answer)
    return _sorted(_pattern(match, found) for match, found in keyed.items())


def _key(course: content.Course, topic: content.Topic, question: content.Question, answer: WrongAnswer) -> str | None:
    """What the answer means in the course's own words; None where it cannot be told any more."""
    match question.format.type:
        case "number":
            value = _value(question, answer.given)
            return None if value is None else str(value)
        case "choice":
            return _options(course, topic, question, answer)
        case "short_text":
            return folded(answer.given, case=question.format.case) or None
    return "".join(answer.given.split()) or None


def _options(
    course: content.Course, topic: content.Topic, question: content.Question, answer: WrongAnswer
) -> str | None:
    """The options picked, by the ids of the file: the letters of the log are those of the order shown."""
    if answer.seed is None:
        return None
    shown, written = (
        {
            choice.text: choice.id
            for choice in instance_of(course, topic, question, answer.seed, shuffle=shuffle).format.choices
        }
        for shuffle in (True, False)
    )
    back = {letter: written[text] for text, letter in shown.items()}
    picked = [part.strip() for part in answer.given.split(",") if part.strip()]
    if any(letter not in back for letter in picked):
        return None
    return ", ".join(sorted(back[letter] for letter in picked)) or None


def _value(question: content.Question, given: str) -> Fraction | None:
    try:
        return read_number(given, question.format.vars).value
    except MalformedAnswer:
        return None


# --- templates of numbers ----------------------------------------------------------------------------------------


def _expressions(
    course: content.Course, topic: content.Topic, question: content.Question, answers: list[WrongAnswer]
) -> list[Pattern]:
    read = [
        (answer, value)
        for answer in answers
        if answer.seed is not None and (value := _value(question, answer.given)) is not None
    ]
    found: list[Pattern] = []
    while read:
        samples = Counter((answer.seed or 0, value) for answer, value in read).most_common(MAX_SAMPLES)
        wanted = [value for (_, value), _ in samples]
        columns = _columns(question, [seed for (seed, _), _ in samples])
        best = _best(course, topic, question, columns, wanted)
        if best is None:
            break
        explained = _explained_by(question, best, read)
        if not explained:
            break
        found.append(_pattern(best, explained))
        taken = set(map(id, explained))
        read = [(answer, value) for answer, value in read if id(answer) not in taken]
    return _sorted(found)


def _columns(question: content.Question, seeds: list[int]) -> list[Column]:
    """Atoms of expressions: name, length, value for each seed. The parameters, and small numbers."""
    drawn = [parameters(question, seed) for seed in seeds]
    names = [*question.params, *question.derived]
    columns: list[Column] = [(name, 1, [Fraction(one[name]) for one in drawn]) for name in names]
    return columns + [(str(number), 2, [Fraction(number)] * len(seeds)) for number in _CONSTANTS]


def _best(
    course: content.Course,
    topic: content.Topic,
    question: content.Question,
    columns: list[Column],
    wanted: list[Fraction],
) -> str | None:
    """The expression that gives most of the wanted values; None where none gives any."""
    #: Fewest misses, shortest, then as a person would write it: a name before a number.
    best: list[tuple[int, int, bool, str]] = []
    for text, length, values in _combined(columns):
        hits = sum(value == want for value, want in zip(values, wanted, strict=True))
        if hits:
            best.append((-hits, length, text[:1].isdigit(), text))
    instances = [instance_of(course, topic, question, seed, shuffle=False) for seed in _PROOF_SEEDS]
    return next((text for *_, text in sorted(best)[:50] if _is_mostly_wrong(question, text, instances)), None)


def _combined(
    columns: list[Column],
) -> Iterator[Column]:
    """Atoms, two of them, and two with a third."""
    yield from columns
    for text, length, values in columns:
        yield f"-{text}", length + 1, [None if value is None else -value for value in values]
    pairs = list(_joined(columns, columns))
    yield from pairs
    yield from _joined(pairs, columns)
    yield from _joined(columns, pairs)


def _joined(left: Iterable[Column], right: list[Column]) -> Iterator[Column]:
    for one, one_length, one_values in left:
        for other, other_length, other_values in right:
            for sign, cost, apply in _OPERATIONS:
                values = [
                    None if a is None or b is None or (sign == "/" and b == 0) else apply(a, b)
                    for a, b in zip(one_values, other_values, strict=True)
                ]
                yield (
                    f"{_side(one, sign, right=False)} {sign} {_side(other, sign, right=True)}",
                    one_length + other_length + cost,
                    values,
                )


def _side(text: str, sign: str, *, right: bool) -> str:
    """One side of an operation, in brackets where it would be read differently without them."""
    additive = " + " in text or " - " in text
    product = " * " in text or " / " in text
    needed = (additive and (sign in "*/" or (right and sign == "-"))) or (product and right and sign == "/")
    return f"({text})" if needed or (right and text.startswith("-")) else text


def _is_mostly_wrong(question: content.Question, text: str, instances: list[QuestionInstance]) -> bool:
    """Whether the expression is a slip. It may be right by chance for a few numbers: those the author then rules out,
    for the rules of a course name them."""
    try:
        right = sum(
            check(instance, _filled(question, text, instance.seed), typed=True).verdict in {"correct", "form_issue"}
            for instance in instances
        )
    except ExpressionError:
        return False
    return right <= len(instances) * MAX_RIGHT


def _filled(question: content.Question, text: str, seed: int) -> str:
    return formats.value(question.format, text, parameters(question, seed))


def _explained_by(question: content.Question, text: str, read: list[tuple[WrongAnswer, Fraction]]) -> list[WrongAnswer]:
    return [answer for answer, value in read if Fraction(_filled(question, text, answer.seed or 0)) == value]


def _pattern(match: str, answers: list[WrongAnswer]) -> Pattern:
    written = Counter(answer.given.strip() for answer in answers)
    return Pattern(
        match=match,
        learners=len({answer.learner for answer in answers}),
        times=len(answers),
        examples=tuple(text for text, _ in written.most_common(3)),
    )


def _sorted(found: Iterable[Pattern]) -> list[Pattern]:
    return sorted(found, key=lambda pattern: (-pattern.learners, -pattern.times, pattern.match))
