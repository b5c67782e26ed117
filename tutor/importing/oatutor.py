"""OATutor's content pool: one folder per problem, its steps, their hints and sub-questions.

``content-pool/<problem>/<problem>.json``, ``…/steps/<step>/<step>.json``, ``…/steps/<step>/tutoring/*.json`` (the
default pathway), ``skillModel.json`` (step -> skills) and ``coursePlans.json`` (courses and their lessons). Only what
its own file puts under CC BY is taken; a hint without a licence is part of its problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutor.importing import texts
from tutor.importing.item import Answer, Choose, Compute, Item, Name, Option, Refused, SubQuestion, Unreadable

LICENCE = "CC-BY-4.0"
SOURCE = "OATutor content (https://github.com/CAHLR/OATutor-Content), adapted to this format"

_CC_BY = re.compile(r"creativecommons\.org/licenses/by/|^\s*CC[ -]BY(?![ -]?(?:NC|ND|SA))", re.IGNORECASE)
_IS_DECIMAL = re.compile(r"\d*\.(\d+)")
_ROUNDED = re.compile(r"\bround|\bnearest|decimal place|approximat", re.IGNORECASE)
_PICTURE = re.compile(r"##(.*?)##")
_BLANK = re.compile(r"_{3,}")


class ContentPool:
    """A checkout of OATutor's content, or of one course of it."""

    def __init__(self, folder: Path, course: str | None) -> None:
        self._pool = folder / "content-pool"
        if not self._pool.is_dir():
            raise Refused(f"{folder} has no folder content-pool, so it is not OATutor's content")
        self._skills: dict[str, list[str]] = _read(folder / "skillModel.json") or {}
        plans = _read(folder / "coursePlans.json") or []
        self.courses = sorted(str(plan["courseName"]) for plan in plans if plan.get("courseName"))
        self.course = course or (self.courses[0] if len(self.courses) == 1 else None)
        if self.courses and self.course not in self.courses:
            named = "\n  ".join(self.courses)
            raise Refused(f"say which course with --course; there are:\n  {named}")
        lessons = [lesson for plan in plans if plan.get("courseName") == self.course for lesson in plan["lessons"]]
        self._order = {str(lesson.get("id")): at for at, lesson in enumerate(lessons)}

    @property
    def title(self) -> str:
        return self.course or "OATutor"

    @property
    def lang(self) -> str:
        return "en"

    def items(self) -> Iterator[Item | Unreadable]:
        """Every step of the course's problems, lesson by lesson. Files that cannot be read come first."""
        problems: list[tuple[int, str, dict[str, Any], Path]] = []
        for folder in sorted(self._pool.iterdir()):
            file = folder / f"{folder.name}.json"
            if not file.is_file():
                continue
            try:
                problem = _read(file)
            except (OSError, ValueError) as error:
                yield Unreadable(folder.name, f"problem {folder.name}", f"its file cannot be read: {error}")
                continue
            if self.course is None or problem.get("courseName") == self.course:
                place = self._order.get(str(problem.get("lessonId")), len(self._order))
                problems.append((place, _lesson(problem), problem, folder))
        for _, _, problem, folder in sorted(problems, key=lambda found: (found[0], found[1], _natural(found[3].name))):
            yield from self._problem(problem, folder)

    def _problem(self, problem: dict[str, Any], folder: Path) -> Iterator[Item | Unreadable]:
        steps = sorted((folder / "steps").glob("*/*.json")) if (folder / "steps").is_dir() else []
        if not steps:
            yield Unreadable(folder.name, f"problem {folder.name}", "it has no step, so it asks nothing")
        for at, file in enumerate(steps):
            place = f"problem {folder.name}, step {file.parent.name.removeprefix(folder.name) or file.parent.name}"
            try:
                yield self._step(problem, _read(file), file.parent, place, at, len(steps))
            except Refused as reason:
                yield Unreadable(file.parent.name, place, str(reason))
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                yield Unreadable(file.parent.name, place, f"its file is not as OATutor writes it: {error!r}")

    def _step(
        self, problem: dict[str, Any], step: dict[str, Any], folder: Path, place: str, at: int, steps: int
    ) -> Item:
        if not _CC_BY.search(str(problem.get("license") or "")):
            named = str(problem.get("license") or "").strip()
            raise Refused(f"its licence is {named!r}, not CC BY" if named else "it names no licence")
        if problem.get("variabilization") or step.get("variabilization"):
            raise Refused("its values vary in a way of OATutor's own; write it with params")
        losses: list[str] = []
        if at:
            losses.append(f"it is step {at + 1} of {steps} of a problem and is asked on its own here")
        body, title, more = (_text(problem.get("body", "")), _text(step["stepTitle"]), _text(step.get("stepBody", "")))
        prompt = "\n\n".join(part for part in (body, title, more) if part) or _text(problem.get("title", ""))
        skills = [(_id(skill), _skill_name(skill)) for skill in self._skills.get(str(step["id"]), [])]
        lesson = _lesson(problem)
        if not skills:
            skills = [(_id(lesson), lesson)]
        return Item(
            key=folder.name,
            place=place,
            topic=(_id(lesson), lesson),
            skills=skills,
            prompt=prompt,
            answer=_answer(step["problemType"], step["answerType"], step["stepAnswer"], step.get("choices"), prompt),
            hints=_hints(folder, losses),
            source=_attribution(problem),
            losses=losses,
        )


def _hints(folder: Path, losses: list[str]) -> list[str | SubQuestion]:
    pathways = sorted((folder / "tutoring").glob("*.json")) if (folder / "tutoring").is_dir() else []
    default = [path for path in pathways if "Default" in path.name] or pathways
    hints: list[str | SubQuestion] = []
    for hint in _read(default[0]) if default else []:
        licence = str(hint.get("license") or "").strip()
        if licence and not _CC_BY.search(licence):
            losses.append(f"a hint under the licence {licence!r} was left out")
            break
        try:
            text = _text(hint.get("text", ""))
        except Refused as reason:
            losses.append(f"the hints end where {reason}")
            break
        if hint.get("subHints"):
            losses.append("hints to a sub-question were left out")
        if not text:
            continue
        sub_question = _sub_question(hint, text) if hint.get("type") == "scaffold" else None
        hints.append(sub_question or text)
    return hints


def _sub_question(hint: dict[str, Any], text: str) -> SubQuestion | None:
    try:
        return SubQuestion(
            text, _answer(hint["problemType"], hint["answerType"], hint["hintAnswer"], hint.get("choices"), text)
        )
    except (Refused, KeyError, TypeError):
        return None


def _answer(kind: str, answer_type: str, answers: list[str], options: list[str] | None, prompt: str) -> Answer:
    right = [str(answer) for answer in answers if str(answer).strip()]
    if not right:
        raise Refused("it has no answer")
    if kind == "MultipleChoice":
        folded = {_folded(answer) for answer in right}
        chosen = [Option(_text(option), _folded(option) in folded) for option in map(str, options or [])]
        if not any(option.right for option in chosen):
            raise Refused("its answer is none of its options")
        return Choose(chosen)
    if answer_type == "string" and not any("$$" in answer for answer in right):
        return Name([answer.replace("\\n", " ") for answer in right])
    decimal = _IS_DECIMAL.search(right[0])
    places = len(decimal[1]) if decimal and _ROUNDED.search(prompt) else None
    return Compute(right, places=places)


def _attribution(problem: dict[str, Any]) -> str:
    book = str(problem.get("oer") or "").split(" ")[0].strip()
    after = f", after {book}" if book.startswith("http") else ""
    return f"OATutor, problem {problem['id']} ({problem['title'].strip()}){after}; CC BY 4.0, adapted"


def _lesson(problem: dict[str, Any]) -> str:
    return re.sub(r"^Lesson ", "", str(problem.get("lesson") or problem.get("title") or "Questions").strip())


def _skill_name(skill: str) -> str:
    words = skill.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _id(name: str) -> str:
    """An id of a course; two names that differ in more than punctuation get different ones."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain[:60] or "questions"


def _folded(text: str) -> str:
    return re.sub(r"\s+|\\left|\\right|\$", "", text)


def _natural(name: str) -> list[Any]:
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"(\d+)", name)]


def _text(raw: Any) -> str:
    """OATutor's text as Markdown: ``$$…$$`` is a formula in the line, ``\\n`` a new line, ``##…##`` a picture."""
    if not isinstance(raw, str):
        return str(raw) if isinstance(raw, int) else ""
    if _PICTURE.search(raw):
        raise Refused("it shows a picture that nobody described; it needs an alt text")
    parts: list[str] = []
    for at, part in enumerate(raw.replace("**", "^").split("$$")):
        if at % 2:
            blank = _BLANK.fullmatch(part.strip())
            parts.append(" … " if blank else texts.formula(part.replace("\\n", " ")))
        else:
            words = _BLANK.sub(" … ", part.replace("\\n", "\n"))
            parts.append(texts.prose(words))
    if len(parts) % 2 == 0:
        raise Refused("a formula is opened with $$ and not closed")
    return texts.joined(parts).strip()


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
