"""Whether a text tells the answer to a question.

The machine's own gate (``tutor.leak_gate``) decides what is said. So that the gate is not only tested by itself, the
answer is searched for here a second time, as a reader with the answer in hand would: letter by letter.
"""

from __future__ import annotations

import re

import msgspec

from tutor import leak_gate
from tutor.hidden_text import decoded
from tutor.leak_gate import NOTHING, Known
from tutor.machine.answering import answer_text
from tutor.questions import QuestionInstance


def told(text: str, question: QuestionInstance, *, shown: str = "", known: Known = NOTHING) -> str | None:
    """How ``text`` tells the answer; None where it does not. What the learner has before them tells nothing."""
    question = msgspec.structs.replace(question, prompt=f"{question.prompt}\n{shown}") if shown else question
    if leak_gate.leaks(text, question, known):
        return "the gate would not let it through"
    answer = answer_text(question)
    # The 8 of \\frac{1}{8} is no 8: what stands in braces is the gate's business, which reads formulas.
    pattern = re.compile(rf"(?<![\w.,/{{-]){re.escape(answer)}(?![\w/}}]|[.,]\d)", re.IGNORECASE)
    # The 5 of a prompt's "5x" is a number of the prompt, too.
    seen = re.compile(rf"(?<!\d){re.escape(answer)}(?!\d)", re.IGNORECASE)
    if not seen.search(f"{question.prompt}\n{known.learner}"):
        ways = [("it says", text), ("without white space, it says", re.sub(r"\s", "", text))]
        ways += [(f"in {how}, it says", plain) for how, plain in decoded(text)]
        for how, plain in ways:
            if pattern.search(plain):
                return f"{how} {answer!r}"
    return None
