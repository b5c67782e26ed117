"""The leak gate reads formulas: whatever is the same as the answer, and not yet shown, is not said."""

from __future__ import annotations

import pytest

from tests.unit.tutor.checking.every_format import QUESTIONS, asked
from tests.unit.tutor.checking.timing import cpu_seconds
from tutor.leak_gate import leaks

EXPAND = asked("expression", "3*x + 6", prompt="Expand $3(x + 2)$.", vars=["x"])
LINE = asked("equation", "y = 2*x + 1", prompt="Which line goes through $(0, 1)$ with slope $2$?", vars=["x", "y"])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("expression", "So you get $6 + 3x$."),
        ("expression", "That makes 3x+6, you see."),
        ("expression", r"It is $\frac{6x + 12}{2}$."),
        ("equation", "The line is $y - 1 = 2x$."),
        ("equation", "y = 2x + 1"),
        ("inequality", "It holds for $x > 3$ or $x \\le -1$."),
        ("interval", "The set is $(-\\infty, 2] \\cup (3, 5)$."),
        ("point", "They meet at $(2, -3)$."),
        ("set", "So $x = 1$ or $x = 2$."),
        ("list", "The list goes 1, 4, 9."),
        ("matrix", "You get [[1, 2], [3, 4]]."),
        ("quantity", "The car goes 20 m/s."),
        ("order", "First a, then b, then c? No: a, b, c."),
        ("match", "a goes with 2, b with 1."),
        ("free_text", "The sun warms the water, and it evaporates."),
    ],
)
def test_an_equivalent_of_the_answer_leaks(kind: str, text: str) -> None:
    assert leaks(text, QUESTIONS[kind])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("expression", "Multiply each term by $3$."),
        ("expression", "What is $3 \\cdot 2$?"),
        ("equation", "The slope is $2$."),
        ("inequality", "Divide by a negative number and the sign turns."),
        ("interval", "Is $3$ itself part of it?"),
        ("point", "Put $x = 1$ into both."),
        ("set", "How many solutions are there?"),
        ("list", "Square each number."),
        ("matrix", "Add entry by entry."),
        ("quantity", "An hour has 3600 s."),
        ("order", "Which of them comes first?"),
        ("match", "Begin with the one you know."),
        ("free_text", "What happens to the water?"),
    ],
)
def test_help_that_gives_nothing_away_passes(kind: str, text: str) -> None:
    assert not leaks(text, QUESTIONS[kind])


def test_what_the_prompt_shows_may_be_said_again() -> None:
    assert not leaks("Look at $3(x + 2)$ again.", EXPAND)
    assert not leaks("Then $3 \\cdot x + 3 \\cdot 2$ is left.", EXPAND)
    assert leaks("$3(x + 2) = 3x + 6$", EXPAND)


def test_a_sentence_is_read_fast_enough_for_a_stream() -> None:
    sentences = [
        f"Then ${at}x + 2 = {at + 5}$, so take {at} from both sides and look at $y - {at}x$." for at in range(40)
    ]

    taken = cpu_seconds(lambda: [leaks(sentence, LINE) for sentence in sentences], 0.4)

    assert taken / len(sentences) < 0.01
