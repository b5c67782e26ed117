"""A course of two topics, small enough to know by heart: what every test of the machine plays on."""

from __future__ import annotations

from typing import Any

import msgspec

from tutor.course import Course


def _subtraction(number: int, **more: Any) -> dict[str, Any]:
    """``x + a = b`` with the numbers drawn from ranges in which no wrong way leads to the right answer."""
    return {
        "id": f"undo{number}",
        "skills": ["undo"],
        "difficulty": 0.1 + 0.15 * number,
        "params": {"a": {"int": [3, 9]}, "b": {"int": [21, 29]}},
        "prompt": "Solve $x + {a} = {b}$. What is $x$?",
        "format": {"type": "number"},
        "answer": "b - a",
        "hints": ["What is done to $x$?", "Undo it on both sides."],
        "solution": ["Subtract {a} on both sides.", "So $x = {b-a}$."],
        "errors": [{"ref": "same_sign"}],
        "explain_keys": ["opposite", "both sides"],
        **more,
    }


def _choice(number: int) -> dict[str, Any]:
    return {
        "id": f"name{number}",
        "skills": ["naming"],
        "difficulty": 0.1 + 0.1 * number,
        "prompt": f"Number {number}: which operation undoes an addition?",
        "format": {
            "type": "choice",
            "choices": [
                {"id": "a", "text": "Subtraction", "correct": True},
                {"id": "b", "text": "Multiplication", "feedback": "That undoes a division."},
                {"id": "c", "text": "Taking the root"},
            ],
        },
        "answer": "a",
        "hints": ["Think of walking forwards and back."],
        "solution": ["Forwards and back: what was added is taken away again."],
    }


SMALL: dict[str, Any] = {
    "course": {"id": "small", "title": "Small equations", "pedagogy": {"tone": "warm"}},
    "skills": [
        {"id": "undo", "name": "Undo an addition"},
        {"id": "naming", "name": "Name the opposite", "prereq": ["undo"]},
    ],
    "topics": [
        {
            "id": "one_step",
            "title": "One step",
            "skills": ["undo"],
            "materials": [
                {
                    "id": "m1",
                    "body": "An equation is a balance. Do the opposite on both sides. Then it stays level.",
                    "ask": "What undoes an addition?",
                    "keys": ["opposite"],
                },
                {"id": "m2", "body": "Take an example. It is short.", "ask": "Is it?"},
            ],
            "known_errors": [
                {
                    "id": "same_sign",
                    "name": "Adds instead of subtracting",
                    "detect": [{"kind": "value", "formula": "b + a"}],
                    "say": "It looks as if you added where the opposite was needed.",
                    "contrast": "If a number plus 3 makes 7, the number cannot be 10: 10 + 3 is not 7.",
                    "probe": {
                        "ask": "Which number plus 3 makes 7?",
                        "format": {"type": "number"},
                        "answer": "4",
                    },
                    "remedy": ["Start at 7 and walk 3 steps back."],
                }
            ],
            "questions": [
                _subtraction(1),
                _subtraction(2),
                _subtraction(3),
                _subtraction(
                    4,
                    hints=[
                        "What is done to $x$?",
                        {"ask": "Which number is taken away?", "format": {"type": "number"}, "answer": "a"},
                    ],
                ),
            ],
        },
        {
            "id": "names",
            "title": "Names",
            "skills": ["naming"],
            "materials": [{"id": "n1", "body": "Every operation has an opposite.", "ask": "Which do you know?"}],
            "questions": [_choice(n) for n in range(1, 7)],
        },
    ],
}


def small_course() -> Course:
    return msgspec.convert(SMALL, Course)
