"""Whether a lesson can be taken here: every app adds what it needs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string

from tutor import catalogue

logger = logging.getLogger(__name__)


def missing() -> list[str]:
    """What is missing, in plain words; empty when all is well. Checks are named in ``settings.TUTOR_HEALTH_CHECKS``."""
    found: list[str] = []
    for path in settings.TUTOR_HEALTH_CHECKS:
        check: Callable[[], str | None] = import_string(path)
        try:
            problem = check()
        except DatabaseError:
            logger.warning("action=health.database check=%s", path, exc_info=True)
            return ["the database does not answer, or is not migrated"]
        if problem is not None:
            found.append(problem)
    return found


def courses() -> str | None:
    """At least one course is loaded."""
    return None if catalogue.courses() else "no course is loaded: manage.py course load --demo"
