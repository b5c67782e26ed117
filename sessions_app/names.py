"""The names of sessions in the registry: a learner's own of a course, and those of forks."""

from __future__ import annotations

import uuid


def name(learner_id: int, course: str) -> str:
    """The default name: learner : course."""
    return f"{learner_id}:{course}"


def fork_name(learner_id: int, course: str, fork: uuid.UUID) -> str:
    """A fork's own name: it is never found where the learner's session of the course is looked for."""
    return f"{name(learner_id, course)}#{fork.hex}"
