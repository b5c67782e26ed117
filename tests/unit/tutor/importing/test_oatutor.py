"""OATutor's content becomes questions that pass every rule, or it is said why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.tutor.importing.content_pool import COURSE, Pool, choice, hint, step
from tests.unit.tutor.importing.imported import become, question
from tutor.course import Scaffold
from tutor.importing.item import Refused
from tutor.importing.oatutor import ContentPool


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


def only(pool: Pool) -> Any:
    (outcome,) = become(ContentPool(pool.folder, None))
    return outcome


def test_a_number_becomes_a_question_with_its_own_tests(pool: Pool) -> None:
    pool.problem(step(), hints=[hint("Count on from $$3$$."), hint("Three and four are $$7$$.")])
    outcome = only(pool)
    made = question(outcome)
    assert outcome.outcome == "imported"
    assert outcome.topic == ("1_1_first_sums", "1.1 First Sums")
    assert outcome.skills == [("add_small_numbers", "Add small numbers")]
    assert (made.prompt, made.format.type, made.answer) == ("What is $3+4$?", "number", "7")
    assert [test.expect for test in made.tests] == ["correct", "wrong"]


def test_the_ladder_ends_where_a_hint_tells_the_answer_and_the_solution_has_it_all(pool: Pool) -> None:
    pool.problem(step(), hints=[hint("Count on from $$3$$."), hint("It is $$7$$."), hint("Well done.")])
    made = question(only(pool))
    assert made.hints == ["Count on from $3$."]
    assert made.solution == ["Count on from $3$.", "It is $7$.", "Well done.", "The answer: 7"]


def test_every_question_names_whose_it_is(pool: Pool) -> None:
    name = pool.problem(step())
    assert question(only(pool)).source == (
        f"OATutor, problem {name} (Sums), after https://example.org/book; CC BY 4.0, adapted"
    )


@pytest.mark.parametrize(
    "licence", ["", "openstax", "CC4.0", "CC BY-NC 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"]
)
def test_only_cc_by_is_taken(pool: Pool, licence: str) -> None:
    pool.problem(step(), license=licence)
    outcome = only(pool)
    assert outcome.outcome == "refused"
    assert "licence" in outcome.why[0]


def test_a_hint_of_another_licence_is_left_out(pool: Pool) -> None:
    pool.problem(step(), hints=[hint("Count on."), hint("All rights reserved.", license="openstax")])
    outcome = only(pool)
    assert (outcome.outcome, question(outcome).hints) == ("degraded", ["Count on."])
    assert "licence 'openstax'" in outcome.why[0]


def test_options_keep_their_formulas(pool: Pool) -> None:
    pool.problem(choice(["$$f{\\left(x\\right)}$$", "$$\\frac{x}{2}$$", "none of it"], "$$f{\\left(x\\right)}$$"))
    made = question(only(pool))
    assert [one.text for one in made.format.choices] == ["$f\\left(x\\right)$", "$\\frac{x}{2}$", "none of it"]
    assert made.answer == "a"


def test_options_that_speak_of_each_other_keep_their_order(pool: Pool) -> None:
    pool.problem(choice(["red", "blue", "all of the above"], "red"))
    assert not question(only(pool)).format.shuffle


def test_a_sub_question_becomes_a_scaffold(pool: Pool) -> None:
    asked = hint(
        "What is $$2+2$$?", type="scaffold", problemType="TextBox", answerType="arithmetic", hintAnswer=["$$4$$"]
    )
    pool.problem(step(), hints=[asked])
    (made,) = question(only(pool)).hints
    assert isinstance(made, Scaffold)
    assert (made.ask, made.answer) == ("What is $2+2$?", "4")


def test_a_formula_is_checked_as_a_formula(pool: Pool) -> None:
    pool.problem(step(stepTitle="Expand $$2\\left(x+3\\right)$$.", stepAnswer=["$$2x+6$$"]))
    assert question(only(pool)).format.type == "expression"


def test_money_and_gaps_are_words(pool: Pool) -> None:
    pool.problem(
        step(stepTitle="A cap costs $3, a shirt $4. Together they cost ___ dollars {in all}.\\nWrite a number.")
    )
    made = question(only(pool))
    assert made.prompt.replace("\n", " ") == (
        "A cap costs \\$3, a shirt \\$4. Together they cost  …  dollars \\{in all\\}. Write a number."
    )


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"stepTitle": "Look at ##figure1.gif##."}, "alt text"),
        ({"stepTitle": "What is $$3+4?"}, "not closed"),
        ({"stepTitle": "What is $$\\frac{3}{4$$?"}, "brace"),
        ({"stepTitle": "What is $${a \\over b}$$?"}, "old TeX"),
        ({"stepAnswer": []}, "no answer"),
        ({"variabilization": {"a": [1, 2]}}, "params"),
        ({"stepAnswer": ["$$\\begin{array}{ll} 1 \\end{array}$$"]}, "cannot"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(pool: Pool, broken: dict[str, Any], why: str) -> None:
    pool.problem(step(**broken))
    outcome = only(pool)
    assert outcome.outcome == "refused"
    assert why in outcome.why[0]


def test_later_steps_are_asked_on_their_own_and_it_is_said(pool: Pool) -> None:
    pool.problem(step(), step(stepTitle="And $$4+5$$?", stepAnswer=["$$9$$"]), body="Two sums.")
    first, second = become(ContentPool(pool.folder, COURSE))
    assert (first.outcome, second.outcome) == ("imported", "degraded")
    assert question(second).prompt == "Two sums.\n\nAnd $4+5$?"


def test_files_of_another_form_stop_nothing(pool: Pool) -> None:
    name = pool.problem(step())
    pool.problem(step())
    (pool.folder / "content-pool" / name / f"{name}.json").write_text("{", encoding="utf-8")
    assert [one.outcome for one in become(ContentPool(pool.folder, None))] == ["refused", "imported"]


def test_a_folder_without_a_pool_and_an_unknown_course_are_said(tmp_path: Path, pool: Pool) -> None:
    with pytest.raises(Refused, match="content-pool"):
        ContentPool(tmp_path / "nothing", None)
    pool.problem(step())
    with pytest.raises(Refused, match=COURSE):
        ContentPool(pool.folder, "Nothing")
