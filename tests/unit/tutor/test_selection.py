"""Which question comes next, and why."""

from __future__ import annotations

from typing import Any

from tests.unit.tutor.machine.small_course import small_course
from tutor import selection
from tutor.course import Skill, Topic
from tutor.mastery import SkillRecord
from tutor.selection import Exhausted, Progress, Retest, Selection

COURSE = small_course()
ONE_STEP, NAMES = COURSE.topics
SKILLS: dict[str, Skill] = {skill.id: skill for skill in COURSE.skills}
FRESH = {"undo": SkillRecord(p=0.25), "naming": SkillRecord(p=0.25)}
MASTERED = SkillRecord(p=0.99, opportunities=3, unassisted=3, unassisted_typed=3)


def progress(**changes: Any) -> Progress:
    return Progress(**{"skills": FRESH, "asked": {}, "retests": (), "put_off": (), "number": 0, **changes})


def chosen(seen: Progress, topic: Topic = ONE_STEP, earlier: tuple[Topic, ...] = ()) -> Selection:
    found = selection.choose(topic, earlier, SKILLS, seen)
    assert isinstance(found, Selection)
    return found


def test_a_beginner_gets_an_easy_question_and_is_told_why() -> None:
    first = chosen(progress())

    assert first.question == "undo1"
    assert first.why == "It is the first one on “Undo an addition”."


def test_the_difficulty_grows_with_the_learner() -> None:
    better = progress(skills={**FRESH, "undo": SkillRecord(p=0.95, opportunities=2, unassisted=2)})

    assert chosen(better).question == "undo4"


def test_unseen_comes_before_seen_and_what_was_put_off_comes_last() -> None:
    assert chosen(progress(asked={"undo1": 1, "undo2": 1})).question == "undo3"
    assert chosen(progress(asked={}, put_off=("undo1",))).question == "undo2"


def test_the_same_template_does_not_come_twice_running() -> None:
    seen = progress(asked={f"undo{n}": 1 for n in range(1, 5)}, last_question="undo1")

    assert chosen(seen).question != "undo1"


def test_a_retest_comes_when_it_is_due_with_the_same_template() -> None:
    owed = (Retest(skill="undo", question="undo3", due=2),)

    assert not chosen(progress(retests=owed, number=1)).retest
    due = chosen(progress(retests=owed, number=2, asked={"undo3": 1}))
    assert (due.retest, due.question) == (True, "undo3")
    assert "seen the solution" in due.why


def test_a_fixed_question_is_retested_by_another_of_its_skill() -> None:
    owed = (Retest(skill="naming", question="name1", due=0),)

    again = chosen(progress(retests=owed, asked={"name1": 1}), NAMES)
    assert again.retest
    assert again.question != "name1"


def test_what_is_owed_comes_early_where_nothing_else_is_left() -> None:
    owed = (Retest(skill="undo", question="undo3", due=99),)

    assert chosen(progress(skills={**FRESH, "undo": MASTERED}, retests=owed)).retest


def test_every_fourth_question_comes_from_an_earlier_topic() -> None:
    skills = {"undo": MASTERED, "naming": SkillRecord(p=0.5)}

    fourth = chosen(progress(skills=skills, number=3), NAMES, (ONE_STEP,))
    assert fourth.skill == "undo"
    assert "earlier topic" in fourth.why
    assert chosen(progress(skills=skills, number=4), NAMES, (ONE_STEP,)).skill == "naming"


def test_who_says_i_know_this_gets_the_hardest_question() -> None:
    assert chosen(progress(probing=True)).question == "undo4"


def test_a_bank_that_is_used_up_names_the_skills_it_could_not_bring_to_mastery() -> None:
    asked = {f"undo{n}": selection.TEMPLATE_ASKINGS for n in range(1, 5)}

    assert selection.choose(ONE_STEP, (), SKILLS, progress(asked=asked)) == Exhausted(unmastered=("undo",))


def test_wheel_spinning_ends_a_skill() -> None:
    worn = {**FRESH, "undo": SkillRecord(p=0.2, opportunities=8)}

    assert isinstance(selection.choose(ONE_STEP, (), SKILLS, progress(skills=worn)), Exhausted)


def test_a_topic_is_finished_when_all_is_mastered_and_nothing_is_owed() -> None:
    skills = {**FRESH, "undo": MASTERED}

    assert selection.is_finished(ONE_STEP, progress(skills=skills))
    assert not selection.is_finished(ONE_STEP, progress())
    owed = (Retest(skill="undo", question="undo3", due=9),)
    assert not selection.is_finished(ONE_STEP, progress(skills=skills, retests=owed))
