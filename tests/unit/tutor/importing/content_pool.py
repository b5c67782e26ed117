"""A small content pool in OATutor's form, written for these tests: nothing of it is OATutor's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CC_BY = "https://creativecommons.org/licenses/by/4.0/ <CC BY 4.0>"
COURSE = "Sums for Tests"
LESSON = "Lesson 1.1 First Sums"


def step(**fields: Any) -> dict[str, Any]:
    """A step that asks for a number; ``fields`` change it."""
    return {
        "problemType": "TextBox",
        "answerType": "arithmetic",
        "stepTitle": "What is $$3+4$$?",
        "stepBody": "",
        "stepAnswer": ["$$7$$"],
        "variabilization": {},
        **fields,
    }


def hint(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "hint", "title": "A hint", "text": text, "dependencies": [], "oer": "", "license": "", **fields}


def choice(options: list[str], answer: str, **fields: Any) -> dict[str, Any]:
    return step(problemType="MultipleChoice", answerType="string", choices=options, stepAnswer=[answer], **fields)


class Pool:
    """Writes problems into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._problems = 0
        self._skills: dict[str, list[str]] = {}
        lesson = {"id": "L1", "name": LESSON, "learningObjectives": {"add_small_numbers": 0.85}}
        self._write("coursePlans.json", [{"courseName": COURSE, "language": "en", "lessons": [lesson]}])

    def problem(
        self, *steps: dict[str, Any], hints: list[dict[str, Any]] | None = None, skill: str = "add_small_numbers",
        **fields: Any,
    ) -> str:  # fmt: skip
        """Adds a problem; every step gets the same hints. Returns its name."""
        self._problems += 1
        name = f"sum{self._problems}"
        problem = {
            "id": name,
            "title": "Sums",
            "body": "",
            "variabilization": {},
            "oer": "https://example.org/book <A Book>",
            "license": CC_BY,
            "lesson": LESSON,
            "lessonId": "L1",
            "courseName": COURSE,
            **fields,
        }
        self._write(f"content-pool/{name}/{name}.json", problem)
        for letter, one in zip("abcdef", steps, strict=False):
            key = f"{name}{letter}"
            self._write(f"content-pool/{name}/steps/{key}/{key}.json", {"id": key, **one})
            self._write(f"content-pool/{name}/steps/{key}/tutoring/{key}DefaultPathway.json", hints or [])
            self._skills[key] = [skill]
        self._write("skillModel.json", self._skills)
        return name

    def _write(self, path: str, value: Any) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value), encoding="utf-8")
