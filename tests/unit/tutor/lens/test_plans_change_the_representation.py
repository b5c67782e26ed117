"""The plan of an explanation is edited step by step, and always ends up in another representation."""

from __future__ import annotations

import pytest

from tutor.lens.plan import DropStep, InsertStep, Operation, ReplaceStep, edited, of_remedy, rendered
from tutor.lens.refused import Refused

PLAN = of_remedy(["Start at 7 and walk 3 steps back.", "That is the opposite."])
LINE = "Draw a line from 0 to 10. Put a finger on 7 and jump back three times."


def test_steps_are_replaced_inserted_and_dropped() -> None:
    plan = edited(
        PLAN, [ReplaceStep(0, "number_line", LINE), DropStep(1), InsertStep(1, "check", "Then jump forward.")]
    )

    assert rendered(plan) == f"{LINE}\n\nThen jump forward."


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (ReplaceStep(2, "table", "No such step."), "there is no step 2"),
        (ReplaceStep(0, "words", "The same in other words."), "another representation"),
        (ReplaceStep(0, "table", "word " * 46), "1 to 45 words"),
        (ReplaceStep(0, "drawing", "See [here](https://example.org)."), "plain Markdown"),
        (ReplaceStep(0, "drawing", "<b>bold</b>"), "plain Markdown"),
        (ReplaceStep(0, "formula", "An open $x"), "plain Markdown"),
        (ReplaceStep(0, "check", "Yes, that is right."), "right or wrong"),
        (InsertStep(0, "story", " "), "1 to 45 words"),
    ],
)
def test_what_does_not_fit_is_refused(operation: Operation, why: str) -> None:
    with pytest.raises(Refused, match=why):
        edited(PLAN, [operation])


def test_nothing_is_left_of_no_plan() -> None:
    with pytest.raises(Refused, match="1 to 4 steps"):
        edited(PLAN, [DropStep(0), DropStep(0)])
