"""Text that is being written passes sentence by sentence; what would give the answer away is never shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tutor.checking.answers import number
from tutor import wording
from tutor.leak_gate import leaks
from tutor.output_gate import SentenceGate

EQUATION = number(7, prompt="Solve $x + 3 = 10$.", vars=["x"])
SENTENCES = [
    "Think of a balance. ",
    "What undoes an addition?\n\n",
    "Subtract $3$ on both sides. ",
    "So $x = 7$. ",
    "It is 7! ",
    "An equation stays level: ",
    "both sides change.\n",
    "$10 - 3$ is left. ",
]


def written(text: str, cuts: list[int]) -> list[str]:
    """What is shown after each piece, when the text comes in pieces of these lengths, over and over."""
    gate, shown, at, turn = SentenceGate(EQUATION), [""], 0, 0
    while at < len(text) and not gate.closed:
        size = cuts[turn % len(cuts)]
        shown.append(shown[-1] + gate.release(text[at : at + size]))
        at, turn = at + size, turn + 1
    shown.append(shown[-1] + gate.end())
    return shown


@given(
    text=st.lists(st.sampled_from(SENTENCES) | st.text("x7=. $3", max_size=12), min_size=1, max_size=8).map("".join),
    cuts=st.lists(st.integers(1, 12), min_size=1, max_size=5),
)
def test_nothing_that_is_ever_shown_gives_the_answer_away(text: str, cuts: list[int]) -> None:
    shown = written(text, cuts)

    assert not any(leaks(part, EQUATION) for part in shown)
    # Either all of it, or a beginning and then words of ours.
    before, withheld, after = shown[-1].partition(wording.WITHHELD)
    assert after == ""
    assert text.startswith(before.removesuffix("\n\n")) if withheld else shown[-1] == text


@given(cuts=st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_however_it_is_cut_the_same_is_shown_in_the_end(cuts: list[int]) -> None:
    text = "Think of a balance. Subtract $3$ on both sides. So $x = 7$. Well done."
    assert written(text, cuts)[-1] == f"Think of a balance. Subtract $3$ on both sides. \n\n{wording.WITHHELD}"


def test_a_sentence_is_shown_when_the_next_one_begins() -> None:
    gate = SentenceGate(EQUATION)

    assert gate.release("Think of a balance.") == ""
    assert gate.release(" ") == ""
    assert gate.release("Then") == "Think of a balance. "
    assert gate.end() == "Then"
