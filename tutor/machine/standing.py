"""What the tutor believes of a learner, with its reasons, as a page shows it; and what a next session is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tutor import elo, retention, selection, wording
from tutor.machine.data import ErrorRecord, TutoringData
from tutor.machine.reviewing import MASTERED
from tutor.machine.revision import skills_to_review
from tutor.machine.situation import change
from tutor.machine.syllabus import Syllabus
from tutor.mastery import SkillRecord


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """What one session of a course hands on to the next one of the same learner."""

    skills: dict[str, SkillRecord] = {}
    known_errors: dict[str, ErrorRecord] = {}
    #: The next session is one for reviewing.
    review: bool = False


def handed_on(data: TutoringData) -> dict[str, Any]:
    """``Knowledge`` as JSON values."""
    knowledge = Knowledge(skills=data.skills, known_errors=data.known_errors, review=data.wants_review)
    plain: dict[str, Any] = msgspec.to_builtins(knowledge)
    return plain


def begun(syllabus: Syllabus, seed: int, context: Mapping[str, Any]) -> TutoringData:
    """The data of a new session. Raises ``msgspec.ValidationError`` for a context that is none."""
    known = msgspec.convert(dict(context), Knowledge)
    skills = {
        skill.id: _carried(known.skills[skill.id]) if skill.id in known.skills else SkillRecord(p=skill.bkt.L0)
        for skill in syllabus.course.skills
    }
    data = TutoringData(seed=seed, skills=skills, known_errors=known.known_errors)
    progress = syllabus.progress(data)
    finished = {
        topic.id: MASTERED
        for topic in syllabus.course.topics
        if topic.skills and all(selection.is_mastered(skill, topic, progress) for skill in topic.skills)
    }
    data = change(data, finished=finished)
    if known.review or len(finished) == len(syllabus.topics):
        data = change(data, revision=skills_to_review(syllabus, data) or None)
    return data


def _carried(record: SkillRecord) -> SkillRecord:
    """A skill at the beginning of a new session: what was put off or span there does not count against it here."""
    return change(record, skips=0, missed=0, since=record.opportunities)


def standing(syllabus: Syllabus, data: TutoringData, now_ms: int) -> dict[str, Any]:
    """``{"skills", "known_errors", "next_review", "due", "mastered", "taught", "why"}``.

    Only what was practised or seen. Times are ISO 8601 (UTC), ``next_review`` None where nothing was mastered; ``due``
    counts the skills to review now; ``why`` is the reason of the open question.
    """
    progress = syllabus.progress(data, now_ms)
    taught = list(dict.fromkeys(skill for topic in syllabus.course.topics for skill in topic.skills))
    skills = [_skill(syllabus, data, skill, progress) for skill in taught if data.skills[skill].opportunities]
    cards = [record.card.due_ms for skill in taught if (record := data.skills[skill]).card is not None]
    return {
        "skills": skills,
        "known_errors": [_known_error(syllabus, name, record) for name, record in data.known_errors.items()],
        "next_review": _iso(min(cards)) if cards else None,
        "due": sum(due <= now_ms for due in cards),
        "mastered": sum(skill["mastered"] for skill in skills),
        "taught": len(taught),
        "why": data.question.why if data.question is not None else None,
    }


def _skill(syllabus: Syllabus, data: TutoringData, skill: str, progress: selection.Progress) -> dict[str, Any]:
    record, topic = data.skills[skill], syllabus.home_of(skill)
    mastered = topic is not None and selection.is_mastered(skill, topic, progress)
    rule = topic.mastery if topic is not None else None
    return {
        "skill": skill,
        "name": syllabus.skills[skill].name,
        "topic": topic.id if topic is not None else None,
        "p": round(record.p, 4),
        "mastered": mastered,
        "why": wording.why_estimate(record, mastered=mastered, needed=rule.min_unassisted if rule else 0),
        "recent": [str(one) for one in record.recent],
        "opportunities": record.opportunities,
        "unassisted": record.unassisted,
        "with_help": record.helped,
        "missing": 0 if mastered or rule is None else max(rule.min_unassisted - record.unassisted, 0),
        "level": round(elo.as_author(record.rating), 2),
        "next_review": _iso(record.card.due_ms) if record.card is not None else None,
        "due": retention.is_due(record.card, progress.now_ms),
        "remembered": round(retention.remembered(record.card, progress.now_ms), 2) if record.card else None,
    }


def _known_error(syllabus: Syllabus, name: str, record: ErrorRecord) -> dict[str, Any]:
    return {
        "known_error": name,
        "name": syllabus.error_names.get(name, name),
        "skill": record.skill or None,
        "standing": record.standing,
        "seen": record.seen,
        "remediated": record.remediated,
        "passed": record.passed,
        "relapsed": record.relapsed,
        "evidence": [msgspec.to_builtins(sighting) for sighting in record.sightings],
    }


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()
