"""Whatever the format: its own answer is right, any text gets a verdict, and none takes long or much memory."""

from __future__ import annotations

import random
import tracemalloc
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tutor.checking.every_format import CODE, QUESTIONS, asked
from tests.unit.tutor.checking.timing import cpu_seconds
from tutor.checking import check, formats
from tutor.leak_gate import leaks

WORST_S = 0.1
WORST_BYTES = 50_000_000
ATOMS = (
    *("9", "9^", "(", "((", "-", "+", "1/", r"\frac", "{", "}", r"\frac{1}{", "1,", "x=", "=", ".", ",", "½", "²", "$"),
    *(r"\left", "so ", "the answer is ", "can you ", "and ", "because ", "hint ", "not ", "or ", "x", "y", "x^", "e^"),
    *(
        "sin ",
        "sqrt(",
        r"\sqrt{",
        "|",
        "||",
        "ln ",
        "[",
        "]",
        "[[",
        ";",
        "≤",
        "<",
        ">",
        "∪",
        "∞",
        "±",
        "±1,",
        "x<",
        "_",
    ),
    *(
        "(-∞,",
        "{x|",
        "m/s",
        " kg",
        "^2",
        "°",
        "%",
        "a-",
        "a:1,",
        "1. a ",
        r"\begin{pmatrix}",
        "&",
        r"\\",
        "9e9",
        "．",
        "ﷺ",
    ),
    *("x^60", "(x+1)^60", "sin(", "exp(exp(", "10^", "^-", "log_", "!", ":", "?", "\n", "\t", "√", "π", "２", "a b c "),
)


def test_all_formats_are_here() -> None:
    assert {*QUESTIONS, "code"} == set(formats.FORMATS)


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_formats_own_answer_is_correct_and_its_format_sound(kind: str) -> None:
    question = QUESTIONS[kind]

    assert formats.of(kind).problems(question) == []
    assert check(question, question.answer, typed=True).verdict == "correct"


@pytest.mark.parametrize("kind", QUESTIONS)
@settings(max_examples=30, deadline=None)
@given(text=st.one_of(st.text(max_size=320), st.lists(st.sampled_from(ATOMS), max_size=60).map("".join)))
def test_any_text_gets_a_verdict(kind: str, text: str) -> None:
    verdict = check(QUESTIONS[kind], text)

    assert verdict.verdict != "correct" or len(text) <= 2_000
    assert verdict.verdict in {"correct", "form_issue"} or verdict.feedback or verdict.intent


@pytest.mark.parametrize("kind", QUESTIONS)
def test_the_worst_text_takes_a_tenth_of_a_second(kind: str) -> None:
    rng = random.Random(11)
    for turn in range(80):
        atoms = [rng.choice(ATOMS) for _ in range(rng.randrange(1, 5))]
        text = ("".join(atoms) * 300)[:300] if turn % 2 else "".join(rng.choice(ATOMS) for _ in range(120))[:300]
        assert cpu_seconds(partial(check, QUESTIONS[kind], text), WORST_S) < WORST_S, text
        assert cpu_seconds(partial(leaks, text * 3, QUESTIONS[kind]), WORST_S) < WORST_S, text


HEAVY = (
    "(x+1)^60*(x+2)",
    "+".join(f"(x+{at})^60" for at in range(20)),
    "*".join(["(x+1)"] * 40),
    "sin(" * 25 + "x" + ")" * 25,
    "exp(exp(exp(exp(x))))",
    "10^200",
    "2^199+3^100",
    "x^(x^(x^x))",
    "((((((1+1/x)^9)^6+1/7)^1)^1)^1)",
    "1/(1+1/(1+1/(1+1/(1+1/(1+1/(1+1/(1+x)))))))",
    "9" * 30 + "x^60",
    "sqrt(" * 28 + "x" + ")" * 28,
    "tan(x)^60+sin(x)^59*cos(x)^60",
    "|" * 150,
    "log(log(log(x,2),2),2)",
    "x" * 60,
    "(9999999999x+9999999999)^30-(x/9999999999)^29",
)


@pytest.mark.parametrize("text", HEAVY)
def test_a_heavy_formula_is_bounded_in_time_and_memory(text: str) -> None:
    taken = cpu_seconds(partial(check, QUESTIONS["expression"], text), WORST_S)
    tracemalloc.start()
    try:
        check(QUESTIONS["expression"], text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken < WORST_S
    assert peak < WORST_BYTES


def _may_be_an_answer(text: str) -> bool:
    return not formats.of("expression").problems(asked("expression", text, vars=["x"]))


@pytest.mark.parametrize("text", [text for text in HEAVY if _may_be_an_answer(text)])
def test_a_heavy_right_answer_is_compared_in_time(text: str) -> None:
    """The same formula with its signs turned twice is compared at every point."""
    question = asked("expression", text, vars=["x"])

    assert cpu_seconds(partial(check, question, f"-(-({text}))"), WORST_S) < WORST_S


def test_a_long_text_is_refused_before_it_is_read() -> None:
    for kind, question in QUESTIONS.items():
        assert check(question, "x" * 100_000).verdict == "malformed", kind
        assert cpu_seconds(partial(check, question, "x" * 100_000), WORST_S) < WORST_S
    assert check(CODE, "x" * 100_000).verdict == "malformed"
