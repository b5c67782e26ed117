"""Which question comes next, and why."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tutor.machine.small_course import small_course
from tutor import selection
from tutor.course import Skill, Topic
from tutor.mastery import SkillRecord
from tutor.retention import Card
from tutor.selection import Detour, Exhausted, Progress, Retest, Selection

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


# --- reviews, warm-ups, detours -----------------------------------------------------------------------------------

NOW = 1_000_000
DUE = SkillRecord(p=0.97, opportunities=3, unassisted=3, unassisted_typed=3, card=Card(
    stability=2.0, difficulty=2.0, due_ms=NOW - 1, last_ms=0
))  # fmt: skip


def test_a_review_that_is_due_comes_first_but_not_more_than_every_fourth_question() -> None:
    skills = {"undo": DUE, "naming": SkillRecord(p=0.5)}
    owed = (Retest(skill="naming", question="name1", due=0),)
    whys = [
        chosen(progress(skills=skills, number=number, reviews=reviews, retests=owed, now_ms=NOW), NAMES, (ONE_STEP,))
        for number, reviews in [(0, 0), (2, 0), (3, 0), (4, 1), (6, 1), (7, 1)]
    ]

    assert [one.review for one in whys] == [False, False, True, False, False, True]
    assert whys[2].skill == "undo"
    assert "before it fades" in whys[2].why


@given(st.integers(1, 200))
def test_reviews_are_never_more_than_a_quarter(questions: int) -> None:
    reviews = 0
    for number in range(questions):
        seen = progress(skills={"undo": DUE, "naming": FRESH["naming"]}, number=number, reviews=reviews, now_ms=NOW)
        found = selection.choose(NAMES, (ONE_STEP,), SKILLS, seen)
        reviews += isinstance(found, Selection) and found.review
    assert reviews * 4 <= questions


def test_nothing_is_reviewed_before_it_is_due() -> None:
    skills = {"undo": DUE, "naming": SkillRecord(p=0.5)}

    assert not chosen(progress(skills=skills, number=4, now_ms=NOW - 2), NAMES, (ONE_STEP,)).review


def test_a_review_is_asked_even_where_the_bank_was_used_up() -> None:
    used = {f"undo{n}": selection.TEMPLATE_ASKINGS for n in range(1, 5)}
    skills = {"undo": DUE, "naming": SkillRecord(p=0.5)}

    assert chosen(progress(skills=skills, asked=used, number=3, now_ms=NOW), NAMES, (ONE_STEP,)).skill == "undo"


def test_a_warm_up_takes_what_is_due_and_else_what_went_best() -> None:
    practised = {"undo": SkillRecord(p=0.4, opportunities=2), "naming": SkillRecord(p=0.8, opportunities=2)}
    due = {**practised, "undo": DUE}

    assert chosen(progress(skills=due, warm_up=True, now_ms=NOW), NAMES, (ONE_STEP,)).skill == "undo"
    best = chosen(progress(skills=practised, warm_up=True, now_ms=NOW), NAMES, (ONE_STEP,))
    assert best.skill == "naming"
    assert "warm-up" in best.why
    assert "warm-up" not in chosen(progress(warm_up=True)).why


def test_a_skill_that_does_not_move_gives_way_to_what_it_rests_on() -> None:
    worn = {"undo": SkillRecord(p=0.7, opportunities=3), "naming": SkillRecord(p=0.2, opportunities=8)}
    bank = [*ONE_STEP.questions, *NAMES.questions]

    assert selection.prerequisite("naming", SKILLS, bank, progress(skills=worn)) == "undo"
    assert selection.prerequisite("undo", SKILLS, bank, progress(skills=worn)) is None
    down = chosen(progress(skills=worn, detours={"naming": Detour(to="undo", left=2)}), NAMES, (ONE_STEP,))
    assert down.skill == "undo"
    assert "rests on" in down.why


def test_after_the_detour_the_skill_gets_another_attempt() -> None:
    worn = {"undo": SkillRecord(p=0.8, opportunities=5), "naming": SkillRecord(p=0.2, opportunities=8, since=8)}

    back = chosen(progress(skills=worn, detours={"naming": Detour(to="undo", left=0)}), NAMES, (ONE_STEP,))
    assert back.skill == "naming"
    assert "fresh in mind" in back.why


def test_who_contests_an_estimate_is_asked_the_hardest_question_of_that_skill() -> None:
    tested = chosen(progress(wanted="undo", number=1), NAMES, (ONE_STEP,))

    assert tested.question == "undo4"
    assert "You said you know this" in tested.why


def test_a_measured_difficulty_wins_over_the_authors() -> None:
    measured = {"undo1": 3.0, "undo2": 3.0, "undo3": 3.0, "undo4": -2.0}

    assert chosen(progress(difficulty=measured)).question == "undo4"


def test_a_session_for_reviewing_asks_its_skills_and_nothing_else() -> None:
    skills = {"undo": DUE, "naming": SkillRecord(p=0.5)}

    assert chosen(progress(skills=skills, revision=("undo",), now_ms=NOW), NAMES, (ONE_STEP,)).review
    assert (
        "would have come later" in chosen(progress(skills=skills, revision=("undo",), now_ms=0), NAMES, (ONE_STEP,)).why
    )
    ended = selection.choose(NAMES, (ONE_STEP,), SKILLS, progress(skills=skills, revision=(), now_ms=NOW))
    assert ended == Exhausted(unmastered=())
