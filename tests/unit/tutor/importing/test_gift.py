"""GIFT becomes questions that pass every rule, or it is said why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tutor.importing.imported import become, question
from tutor.importing.building import Outcome
from tutor.importing.gift import Gift


def gift(tmp_path: Path, text: str) -> list[Outcome]:
    file = tmp_path / "sums.gift"
    file.write_text(text, encoding="utf-8")
    return become(Gift(file))


def one(tmp_path: Path, text: str) -> Outcome:
    (outcome,) = gift(tmp_path, text)
    return outcome


def test_a_choice_keeps_its_feedback_and_its_name(tmp_path: Path) -> None:
    outcome = one(
        tmp_path, "::Moon:: What goes round the earth?{ =the moon#Yes ~the sun#It is the other way round ~Mars }"
    )
    made = question(outcome)
    assert (made.prompt, made.answer, made.source) == ("What goes round the earth?", "a", "“Moon”")
    assert [choice.text for choice in made.format.choices] == ["the moon", "the sun", "Mars"]
    assert made.format.choices[1].feedback == "It is the other way round"


def test_several_right_options_are_picked_together(tmp_path: Path) -> None:
    made = question(one(tmp_path, "Which are even?{~%50%two ~%50%four ~%-100%three}"))
    assert (made.format.select, made.answer) == ("many", "a, b")


def test_true_and_false_stay_in_their_order(tmp_path: Path) -> None:
    made = question(one(tmp_path, "The sun is a star.{TRUE#No, it is.}"))
    assert ([choice.text for choice in made.format.choices], made.answer, made.format.shuffle) == (
        ["True", "False"], "a", False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "answer", "tolerance"),
    [
        ("#7", "7", None),
        ("#7:0.5", "7", 0.5),
        ("#6.5..7.5", "7", 0.5),
        ("#=7:0.5#fine =%50%8:1", "7", 0.5),
        ("#-0.25", "-0.25", None),
    ],
)
def test_numbers_keep_their_tolerance(tmp_path: Path, inside: str, answer: str, tolerance: float | None) -> None:
    made = question(one(tmp_path, f"How many?{{{inside}}}"))
    assert (made.format.type, made.answer, made.format.tolerance_abs) == ("number", answer, tolerance)


def test_a_gap_stands_where_the_answer_stood(tmp_path: Path) -> None:
    assert question(one(tmp_path, "The {=moon =Moon} goes round the earth.")).prompt == "The … goes round the earth."
    assert question(one(tmp_path, "Two and two are {=four}.")).prompt == "Two and two are."


def test_matching_pairs_are_matched(tmp_path: Path) -> None:
    made = question(one(tmp_path, "Match.{=cat -> kitten =dog -> puppy = -> calf}"))
    assert made.format.type == "match"
    names = {target.id: target.text for target in made.format.targets}
    pairs = dict(pair.split(":") for pair in made.answer.replace(" ", "").split(","))
    assert {choice.text: names[pairs[choice.id]] for choice in made.format.choices} == {"cat": "kitten", "dog": "puppy"}
    assert "calf" in names.values()


def test_escaped_signs_are_signs(tmp_path: Path) -> None:
    made = question(one(tmp_path, "Which is right\\: \\{a\\}?{=2 + 3 \\= 5 ~2 \\# 3 ~a\\~b}"))
    assert made.prompt == "Which is right: \\{a\\}?"
    assert [choice.text for choice in made.format.choices] == ["2 + 3 = 5", "2 # 3", "a\\~b"]


def test_categories_are_topics_and_comments_are_nothing(tmp_path: Path) -> None:
    found = gift(
        tmp_path,
        "// hello\n$CATEGORY: $course$/top/Sums/Small ones\n\n1+1{#2}\n\n// more\n$CATEGORY: Large\n7+7{#14}\n",
    )
    assert [outcome.topic for outcome in found] == [("sums_small_ones", "Sums / Small ones"), ("large", "Large")]
    assert [outcome.place for outcome in found] == ["line 4", "line 8"]


def test_general_feedback_is_the_solution(tmp_path: Path) -> None:
    made = question(one(tmp_path, "2+3{#5####Count on from 2.}"))
    assert made.solution[0] == "Count on from 2."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("How are you? {}", "essay"),
        ("Only a text.", "asks nothing"),
        ("The {=a} and the {=b}.", "several gaps"),
        ("Which?{~a ~b}", "none of its options is right"),
        ("Which?{=same ~same}", "right and wrong at once"),
        ("Which?{=The Moon ~the moon}", "say the same"),
        ("How many?{#many}", "not a number"),
        ("Name one.{=*}", "pattern"),
        ("Broken {=a", "braces"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    outcome = one(tmp_path, text)
    assert (outcome.outcome, why in outcome.why[0]) == ("refused", True), outcome.why


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    outcome = one(tmp_path, "Which?{=Nazareth =%75%Nazereth =%25%Bethlehem}")
    assert (outcome.outcome, outcome.why) == ("degraded", ["an answer for a part of the marks counts as wrong"])
