"""The leak gate on text that is still being written: whole sentences, each checked together with all before it.

While a question is open, a sentence is shown when it ends and gives nothing away. At the first that would, the text
ends with words of ours; what the model says after it is not read.
"""

from __future__ import annotations

import re
from typing import Any

from tutor import catalogue, leak_gate, wording
from tutor.leak_gate import NOTHING, Known
from tutor.machine import data as tutoring_data
from tutor.machine.state import SECRET, State
from tutor.machine.syllabus import Syllabus
from tutor.questions import QuestionInstance, instantiate

#: Where a sentence ends: its white space goes with it.
_END = re.compile(r"(?<=[.!?:])\s+|\n+")


class SentenceGate:
    """Shows a text sentence by sentence, until one would give the question's answer away."""

    def __init__(self, question: QuestionInstance, known: Known = NOTHING) -> None:
        self.closed = False
        self._known = known
        self._question = question
        self._shown = ""
        self._waiting = ""

    def release(self, text: str) -> str:
        """Take more text; the sentences that are complete now, as far as they may be shown."""
        if self.closed:
            return ""
        self._waiting += text
        ends = list(_END.finditer(self._waiting))
        # White space at the very end may go on: what follows decides nothing, but it belongs to this sentence.
        complete = [end.end() for end in ends if end.end() < len(self._waiting)]
        return self._let_through(complete)

    def end(self) -> str:
        """The last sentence, which nothing has ended."""
        return "" if self.closed else self._let_through([len(self._waiting)])

    def _let_through(self, ends: list[int]) -> str:
        released, start = "", 0
        for end in ends:
            sentence = self._waiting[start:end]
            # Sentences that are safe alone may tell together.
            if leak_gate.withholds(self._shown + released + sentence, self._question, self._known):
                self.closed = True
                released += ("\n\n" if self._shown + released else "") + wording.WITHHELD
                break
            released, start = released + sentence, end
        self._waiting = self._waiting[start:]
        self._shown += released
        return released


def of_session(machine_args: dict[str, Any], state: str, data: dict[str, Any]) -> SentenceGate | None:
    """The gate for what is written now in a tutoring session; None where no question is open (DESIGN's leak gate)."""
    loaded = tutoring_data.load(data)
    if loaded.question is None:
        return None
    back = State(loaded.pending.return_state) if loaded.pending is not None else State(state)
    if back not in SECRET:
        return None
    course = catalogue.course(machine_args["course"], machine_args["version"])
    question = instantiate(course, loaded.question.id, loaded.question.seed, variant=loaded.question.variant)
    return SentenceGate(question, Syllabus(course).known(loaded))
