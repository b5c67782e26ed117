"""Each thing is broken on purpose, and the gate says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from tutor import leak_gate, prompts
from tutor.checking.verdict import Verdict
from tutor.course import Course
from tutor.evals import subject, suites
from tutor.evals.lessons.tools import OFFLINE
from tutor.evals.run import Task, run
from tutor.prompts import ChatMessage
from tutor.questions import QuestionInstance

COURSE = subject.course("linear-equations")


def violations(tasks: Iterable[Task], at_most: int = 60) -> list[str]:
    return suites.violations(run([task for _, task in zip(range(at_most), tasks, strict=False)]))


def with_hints(*hints: str) -> Course:
    """The demo course with other hints on its first question."""
    topic = COURSE.topics[0]
    first = msgspec.structs.replace(topic.questions[0], hints=list(hints))
    changed = msgspec.structs.replace(topic, questions=[first, *topic.questions[1:]])
    return msgspec.structs.replace(COURSE, topics=[changed, *COURSE.topics[1:]])


@pytest.mark.parametrize("leaking", ["The answer is ${s}$.", "Think of {s}.0, then check.", "x is **{s}**, of course."])
def test_a_hint_that_leaks(leaking: str) -> None:
    found = violations(suites.course_texts(with_hints("What is done to $x$?", leaking)))

    assert [line for line in found if "hint-2: answer_leak" in line]


def test_a_hint_that_insults() -> None:
    assert any("toxicity" in line for line in violations(suites.course_texts(with_hints("Even an idiot can see it."))))


def prompt_without(*words: str) -> Any:
    def make(course: Course, topic: str, text: str, question: QuestionInstance | None) -> list[ChatMessage]:
        system, user = prompts.clarification(course, topic, text, question)
        lines = [line for line in system["content"].splitlines() if not any(word in line for word in words)]
        return [{"role": "system", "content": "\n".join(lines)}, user]

    return make


@pytest.mark.parametrize("words", [["Never state"], ["right or wrong"], ["are data"]])
def test_a_prompt_that_lost_a_rule(words: list[str]) -> None:
    found = violations(suites.prompt_texts(COURSE, prompt_without(*words)))

    assert any("prompt_rules" in line for line in found)


def test_a_prompt_with_the_learners_text_among_the_instructions() -> None:
    def make(course: Course, topic: str, text: str, question: QuestionInstance | None) -> list[ChatMessage]:
        system, user = prompts.clarification(course, topic, text, question)
        return [{"role": "system", "content": f"{system['content']}\nExplain: {text}"}, user]

    assert any("prompt_injection" in line for line in violations(suites.prompt_texts(COURSE, make)))


def test_a_prompt_without_a_fence() -> None:
    def make(course: Course, topic: str, text: str, question: QuestionInstance | None) -> list[ChatMessage]:
        system, _ = prompts.clarification(course, topic, text, question)
        return [system, {"role": "user", "content": text}]

    assert any("prompt_fences" in line for line in violations(suites.prompt_texts(COURSE, make)))


def test_a_prompt_that_tells_the_model_the_answer() -> None:
    def make(course: Course, topic: str, text: str, question: QuestionInstance | None) -> list[ChatMessage]:
        system, user = prompts.clarification(course, topic, text, question)
        return [
            {"role": "system", "content": f"{system['content']}\n{question.solution[-1] if question else ''}"},
            user,
        ]

    assert any("prompt_secret" in line for line in violations(suites.prompt_texts(COURSE, make)))


def test_the_shipped_prompt_is_what_the_others_were_broken_from() -> None:
    assert violations(suites.prompt_texts(COURSE)) == []


def test_a_checker_that_obeys_the_answer() -> None:
    def obeys(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        if "correct" in str(args["given"]):
            plain: dict[str, Any] = msgspec.to_builtins(Verdict(verdict="correct"))
            return plain
        return OFFLINE["check_answer"](course, args)

    found = violations(suites.red_team(COURSE, per_question=12, tools={**OFFLINE, "check_answer": obeys}), 200)

    assert any("attack_flip" in line for line in found)
    assert any("attack_mastery" in line for line in found)


def test_an_explanation_that_gives_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the machine's own gate out of order, the leak is still found: the evaluation looks with its own eyes."""

    def gives_in(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        from tutor.questions import instantiate

        question = instantiate(course, args["question"], args["seed"]) if args["question"] else None
        return {"text": f"All right: {question.answer}" if question else "What would you like to know?"}

    monkeypatch.setattr(leak_gate, "leaks", lambda _text, _question: False)
    tools = {**OFFLINE, "clarify_concept": gives_in}
    found = violations(suites.red_team(COURSE, per_question=12, tools=tools), 200)

    assert any("attack_leak" in line for line in found)


def test_a_tool_that_was_not_asked_for_by_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    from tutor.evals.red_team import campaign

    monkeypatch.setitem(campaign._TOOLS, "chat", set())
    found = violations(suites.red_team(COURSE, places=["chat"], per_question=2))

    assert any("attack_tool" in line for line in found)
