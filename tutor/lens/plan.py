"""Plans of explanations: a few steps, each in a representation of its own, that a model may rearrange and reword.

What an author wrote against a known error is the plan to begin with. A second explanation has to change the
representation (tutoring §2, row 31): an edited plan that only says the same in other words is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from tutor import speech
from tutor.lens.refused import Refused

#: How a step shows what it shows. ``words`` is what an author's remedy is taken for.
Representation = Literal["words", "numbers", "number_line", "table", "drawing", "story", "formula", "check"]

MOST_STEPS = 4
#: Of one step, and of all together.
STEP_WORDS = 45
PLAN_WORDS = 120

#: What has no place in a step: pictures and links of elsewhere, HTML, code, headings.
_FOREIGN = re.compile(r"!?\[[^\]]*\]\(|https?://|www\.|<[a-z/!]|`|^\s*#", re.IGNORECASE | re.MULTILINE)


class Step(msgspec.Struct, frozen=True):
    """One step of an explanation (Markdown)."""

    representation: Representation
    text: str


class ReplaceStep(msgspec.Struct, frozen=True, tag_field="op", tag="replace_step", forbid_unknown_fields=True):
    """Another step in place of step ``at`` (from 0)."""

    at: int
    representation: Representation
    text: str


class InsertStep(msgspec.Struct, frozen=True, tag_field="op", tag="insert_step", forbid_unknown_fields=True):
    """One more step in front of step ``at``; ``at`` may be the number of steps."""

    at: int
    representation: Representation
    text: str


class DropStep(msgspec.Struct, frozen=True, tag_field="op", tag="drop_step", forbid_unknown_fields=True):
    """Without step ``at``."""

    at: int


Operation = ReplaceStep | InsertStep | DropStep
Plan = tuple[Step, ...]


class PlanEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is asked for."""

    operations: tuple[Operation, ...]


def of_remedy(remedy: Sequence[str]) -> Plan:
    """What an author wrote, as a plan."""
    return tuple(Step("words", line) for line in remedy)


def edited(plan: Plan, operations: Sequence[Operation]) -> Plan:
    """The plan after the operations, one after the other. Raises ``Refused`` where one does not fit."""
    steps = list(plan)
    for one in operations:
        last = len(steps) if isinstance(one, InsertStep) else len(steps) - 1
        if not 0 <= one.at <= last:
            raise Refused(f"there is no step {one.at}; the plan has {len(steps)} steps, counted from 0")
        match one:
            case ReplaceStep():
                steps[one.at] = Step(one.representation, one.text)
            case InsertStep():
                steps.insert(one.at, Step(one.representation, one.text))
            case DropStep():
                del steps[one.at]
    _look_over(steps, plan)
    return tuple(steps)


def _look_over(steps: Sequence[Step], plan: Plan) -> None:
    if not 1 <= len(steps) <= MOST_STEPS:
        raise Refused(f"a plan has 1 to {MOST_STEPS} steps, not {len(steps)}")
    if all(step.representation == "words" for step in steps):
        raise Refused("the explanation has to show it in another representation than words")
    for step in steps:
        if step in plan:
            continue  # its author's own
        if not step.text.strip() or len(step.text.split()) > STEP_WORDS:
            raise Refused(f"a step has 1 to {STEP_WORDS} words")
        if _FOREIGN.search(step.text) or step.text.count("$") % 2:
            raise Refused("a step is plain Markdown with mathematics as $…$, without links, pictures, HTML and code")
        if speech.accepts(step.text) or speech.rejects(step.text):
            raise Refused("a step says nothing about whether an answer is right or wrong")
    if sum(len(step.text.split()) for step in steps) > PLAN_WORDS:
        raise Refused(f"a plan has at most {PLAN_WORDS} words")


def rendered(plan: Plan) -> str:
    """The plan as it is said: one paragraph a step."""
    return "\n\n".join(step.text.strip() for step in plan)
