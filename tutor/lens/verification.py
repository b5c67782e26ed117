"""Whether a variant may be asked, and the one that is asked without a model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tutor import course as content
from tutor.checking import check
from tutor.draws import parameters
from tutor.expressions import ExpressionError
from tutor.leak_gate import leaks
from tutor.lens.refused import Refused
from tutor.lens.variant import PLAIN, SetParameter, Variant, applied
from tutor.placeholders import fill
from tutor.questions import QuestionInstance, find, instance_of

#: Draws tried for numbers that this learner has not had yet.
DRAWS = 24


#: The values of a question's parameters, in the author's order.
Numbers = tuple[int, ...]


def numbers_of(question: content.Question, seed: int, variant: Variant = PLAIN) -> Numbers:
    """What the parameters of the question are. Raises ``Refused``, or ``ExpressionError`` where no draw fits."""
    drawn = parameters(applied(question, variant), seed)
    return tuple(drawn[name] for name in question.params)


def plain_variant(question: content.Question, seed: int, had: Collection[Sequence[int]] = ()) -> Variant:
    """A variant without a model: numbers drawn from ``seed``, others than those in ``had`` if there are any.

    A question without parameters has no variant but itself.
    """
    known = {tuple(numbers) for numbers in had}
    drawn = [numbers_of(question, seed + step) for step in range(DRAWS)] if question.params else [()]
    chosen = next((numbers for numbers in drawn if numbers not in known), drawn[0])
    return tuple(SetParameter(name, value) for name, value in zip(question.params, chosen, strict=True))


def verified(
    course: content.Course, question_id: str, seed: int, variant: Variant, had: Collection[Sequence[int]] = ()
) -> QuestionInstance:
    """The variant as a learner would see it, looked over as ``course check`` looks over its author's draws.

    Its own answer is right to the checker, its author's tests come out as they say, no hint but the last and no known
    error gives the answer away, and its numbers are new. Raises ``Refused`` with what is wrong.
    """
    topic, question = find(course, question_id)
    try:
        changed = applied(question, variant)
        instance = instance_of(course, topic, changed, seed)
        # The author's tests name options as the file does.
        unshuffled = instance_of(course, topic, changed, seed, shuffle=False)
        names = parameters(changed, seed)
    except ExpressionError as error:
        raise Refused(f"the author's conditions do not hold for these numbers: {error}") from None
    if question.params and numbers_of(question, seed, variant) in {tuple(numbers) for numbers in had}:
        raise Refused("the learner has had these numbers already")
    for wrong in _faults(changed, unshuffled, names):
        raise Refused(wrong)
    return instance


def _faults(question: content.Question, instance: QuestionInstance, names: dict[str, int]) -> Iterator[str]:
    if check(instance, instance.answer, typed=True).verdict != "correct":
        yield "its own answer is not right to the checker"
    for hint in instance.hints[:-1]:
        if leaks(hint if isinstance(hint, str) else hint.ask, instance):
            yield "with these numbers a hint gives the answer away"
    for error in instance.errors:
        shown = [error.match] if error.match is not None else []
        shown += [one.formula for one in error.detect if one.kind == "value"]
        if any(check(instance, value, typed=True).verdict in {"correct", "form_issue"} for value in shown):
            yield f"with these numbers the known error {error.known_error} gives the right answer"
    for test in question.tests:
        verdict, _, detail = test.expect.partition(":")
        got = check(instance, fill(test.given, names))
        if got.verdict != verdict or (detail and detail not in {got.known_error, got.intent, got.code}):
            yield f"with these numbers {test.given!r} is judged {got.verdict}, its author says {test.expect}"
