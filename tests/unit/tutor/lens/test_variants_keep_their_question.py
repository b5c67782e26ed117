"""A variant is the author's question with other numbers or other things: nobody can make another question of it."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.tutor.machine.small_course import SMALL
from tutor.course import Course
from tutor.lens.refused import Refused
from tutor.lens.variant import Operation, Rename, SetParameter, VariantEdit, applied
from tutor.lens.verification import numbers_of, plain_variant, verified
from tutor.questions import instantiate

STORY = {
    "id": "story",
    "skills": ["undo"],
    "params": {"a": {"int": [3, 9]}, "b": {"int": [21, 29]}},
    "where": ["a divides b"],
    "prompt": "Ann has some apples and gets {a} more. Now she has {b} apples. How many did Ann have?",
    "format": {"type": "number"},
    "answer": "b - a",
    "hints": ["What happens to Ann's apples?", "Go back: take away the {a} apples."],
    "solution": ["{b} - {a} = {b-a}: Ann had {b-a} apples."],
    "tests": [{"given": "{b-a}", "expect": "correct"}, {"given": "{b+a}", "expect": "wrong"}],
}


def course() -> Course:
    plain = msgspec.to_builtins(msgspec.convert(SMALL, Course))
    plain["topics"][0]["questions"] = [STORY]
    return msgspec.convert(plain, Course)


def varied(*operations: Operation) -> str:
    return verified(course(), "story", 1, operations).prompt


def test_numbers_and_things_change_in_all_texts_and_code_computes_the_answer() -> None:
    numbers = (SetParameter("a", 7), SetParameter("b", 28))
    things = (Rename("Ann", "Ben"), Rename("apples", "marbles"))
    instance = verified(course(), "story", 1, (*numbers, *things))

    assert instance.prompt == "Ben has some marbles and gets 7 more. Now she has 28 marbles. How many did Ben have?"
    assert instance.hints == ["What happens to Ben's marbles?", "Go back: take away the 7 marbles."]
    assert instance.solution == ["28 - 7 = 21: Ben had 21 marbles."]
    assert instance.answer == "21"


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (SetParameter("a", 2), "not among the numbers"),
        (SetParameter("c", 3), "no parameter 'c'"),
        (SetParameter("a", 5), "conditions do not hold"),  # no b is left that 5 divides, with b pinned below
        (Rename("more", "fewer"), "says what is done"),
        (Rename("gets", "loses"), "says what is done"),
        (Rename("apples", "many"), "says what is done"),
        (Rename("apples", "3 pears"), "not one word"),
        (Rename("apples", "$x$"), "not one word"),
        (Rename("pears", "plums"), "stands in no text"),
        (Rename("apples", "Ann"), "stands in the question already"),
    ],
)
def test_what_would_make_it_another_question_is_refused(operation: Operation, why: str) -> None:
    with pytest.raises(Refused, match=why):
        verified(course(), "story", 1, (operation, SetParameter("b", 28)))


def test_one_parameter_is_set_once() -> None:
    with pytest.raises(Refused, match="same parameter"):
        varied(SetParameter("a", 7), SetParameter("a", 3))


def test_numbers_that_the_learner_had_are_refused() -> None:
    with pytest.raises(Refused, match="had these numbers"):
        verified(course(), "story", 1, (SetParameter("a", 7), SetParameter("b", 28)), had=[[7, 28]])


def test_without_a_model_the_numbers_are_new_as_long_as_there_are_any() -> None:
    question = course().topics[0].questions[0]
    had: list[tuple[int, ...]] = []
    for _ in range(4):
        variant = plain_variant(question, 5, had)
        had.append(numbers_of(question, 5, variant))

    assert len(set(had)) == 4
    assert plain_variant(question, 5, had[:1]) == plain_variant(question, 5, had[:1])


def test_a_question_of_words_keeps_its_words() -> None:
    plain = msgspec.to_builtins(msgspec.convert(SMALL, Course))
    choice = msgspec.convert(plain, Course).topics[1].questions[0]

    with pytest.raises(Refused, match="only numbers may change"):
        applied(choice, (Rename("Think", "Dream"),))


def test_operations_are_a_closed_set() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"operations": [{"op": "set_answer", "value": 3}]}', type=VariantEdit)


def test_a_learner_sees_the_variant_in_every_part_of_the_question() -> None:
    variant = (SetParameter("a", 4), SetParameter("b", 27))
    plain = msgspec.to_builtins(msgspec.convert(SMALL, Course))
    small = msgspec.convert(plain, Course)

    assert instantiate(small, "undo4", 1, "scaffold:1", variant).answer == "4"
    assert instantiate(small, "undo4", 1, "main", variant).answer == "23"
