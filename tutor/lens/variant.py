"""Variants of a question: the same template with other numbers, and other people or things in its story.

    variant = (SetParameter(name="a", value=7), Rename(old="apples", new="marbles"))
    question = applied(question, variant)        # another ``course.Question``

Numbers are chosen among those that the author allows, and the author's own formula computes the answer: nobody else
can get the key wrong. Words are exchanged one for another in all texts of the question, never inside a formula, and
never those that carry its arithmetic. So hints, solution and known errors go on fitting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from tutor import course as content
from tutor.draws import values
from tutor.lens.refused import Refused
from tutor.terms import stem

#: Words that one variant may exchange.
MOST_RENAMES = 4
#: In characters.
LONGEST_WORD = 20

_WORD = re.compile(r"[^\W\d_]+")
#: Formulas and placeholders: no word in them is exchanged.
_KEPT = re.compile(r"\$[^$]*\$|\{[^{}]*\}|!?\[[^\]]*\]\([^)]*\)|`[^`]*`")
#: Words that say what is to be done with the numbers, or how many there are.
_ARITHMETIC = frozenset(
    re.findall(
        r"\w+",
        """
    a about above add added adding after all altogether and another any as at average before below between both but by
    calculate change compare cost costs count decimal decrease difference differ divide divided double each eight
    eighteen eighty eleven equal equals equally equation evaluate every exact expand express factor fewer fifteen fifth
    fifty find first five for forty four fourteen fourth fraction from gets give gives given gain had half has have
    hundred if in increase into is least left less like long longer loses lost many mean minus missing more most much
    multiply needed negative next nine nineteen ninety no none not nothing number of off older on one only or out over
    part pay pays per percent plus positive product proportion quarter rate ratio remain remaining remains remove round
    same second sell seven seventeen seventy share shared shorter simplify single six sixteen sixty solution solve some
    square subtract sum take taken takes ten than the their then third thirteen thirty thousand three through times to
    together total twelve twenty twice two under undo unit until up value variable what when where which whole with
    without work write x year years young younger zero
        """,
    )
)


class SetParameter(msgspec.Struct, frozen=True, tag_field="op", tag="set_parameter", forbid_unknown_fields=True):
    """One number of the template."""

    name: str
    value: int


class Rename(msgspec.Struct, frozen=True, tag_field="op", tag="rename", forbid_unknown_fields=True):
    """One word of the story, wherever it stands."""

    old: str
    new: str


Operation = SetParameter | Rename
#: What makes a variant of a question: operations, in order. None of them: the question as it is.
Variant = tuple[Operation, ...]
PLAIN: Variant = ()


class VariantEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``generate_variant`` returns, and what a model is asked for."""

    operations: tuple[Operation, ...]


def allowed_numbers(question: content.Question) -> dict[str, list[int]]:
    """The numbers that the author lets each parameter be."""
    return {name: values(spec) for name, spec in question.params.items()}


def applied(question: content.Question, variant: Variant) -> content.Question:
    """The question with the operations applied. Raises ``Refused`` where one does not fit it."""
    if not variant:
        return question
    numbers = {one.name: one.value for one in variant if isinstance(one, SetParameter)}
    renames = {one.old: one.new for one in variant if isinstance(one, Rename)}
    if len(numbers) + len(renames) != len(variant):
        raise Refused("two operations are about the same parameter or word")
    question = _renumbered(question, numbers)
    return _renamed(question, renames) if renames else question


def _renumbered(question: content.Question, numbers: dict[str, int]) -> content.Question:
    allowed = allowed_numbers(question)
    for name, value in numbers.items():
        if name not in allowed:
            raise Refused(f"there is no parameter {name!r}; there are {', '.join(allowed) or 'none'}")
        if value not in allowed[name]:
            raise Refused(f"{name} = {value} is not among the numbers that its author allows")
    return msgspec.structs.replace(
        question, params={**question.params, **{name: {"of": [value]} for name, value in numbers.items()}}
    )


def _renamed(question: content.Question, renames: dict[str, str]) -> content.Question:
    if len(renames) > MOST_RENAMES:
        raise Refused(f"at most {MOST_RENAMES} words may be exchanged")
    present = _words(_texts(question))
    for old, new in renames.items():
        for word in (old, new):
            if not _WORD.fullmatch(word) or len(word) > LONGEST_WORD:
                raise Refused(f"{word!r} is not one word of at most {LONGEST_WORD} letters")
            if word.lower() in _ARITHMETIC:
                raise Refused(f"{word!r} says what is done with the numbers: it stays")
        if old not in present:
            raise Refused(f"{old!r} stands in no text of the question")
        if new.lower() in {word.lower() for word in present} - {old.lower()}:
            raise Refused(f"{new!r} stands in the question already")
        left = {word for word in present if stem(word.lower()) == stem(old.lower())} - renames.keys()
        if left:
            raise Refused(f"with {old!r} its other forms have to be exchanged: {', '.join(sorted(left))}")
    if question.format.type not in {"number", "quantity", "expression", "equation"}:
        raise Refused("the words of this question are its answer: only numbers may change")
    return msgspec.structs.replace(
        question,
        prompt=_exchanged(question.prompt, renames),
        hints=[_hint(hint, renames) for hint in question.hints],
        solution=[_exchanged(step, renames) for step in question.solution],
        errors=[msgspec.structs.replace(error, say=_exchanged(error.say, renames)) for error in question.errors],
    )


def _hint(hint: str | content.Scaffold, renames: dict[str, str]) -> str | content.Scaffold:
    if isinstance(hint, str):
        return _exchanged(hint, renames)
    return msgspec.structs.replace(hint, ask=_exchanged(hint.ask, renames))


def _texts(question: content.Question) -> Iterator[str]:
    yield question.prompt
    for hint in question.hints:
        yield hint if isinstance(hint, str) else hint.ask
    yield from question.solution
    yield from (error.say for error in question.errors)


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in _WORD.findall(_KEPT.sub(" ", text)))


def _exchanged(text: str, renames: dict[str, str]) -> str:
    parts: list[str] = []
    at = 0
    for kept in _KEPT.finditer(text):
        parts += [_swap(text[at : kept.start()], renames), kept[0]]
        at = kept.end()
    return "".join([*parts, _swap(text[at:], renames)])


def _swap(text: str, renames: dict[str, str]) -> str:
    return _WORD.sub(lambda found: renames.get(found[0], found[0]), text)
