"""``manage.py transcripts``: write the scripted learners' lessons for teachers to read (docs/transcripts)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from tutor.course_format import read
from tutor.evals.lessons import written
from tutor.management.commands.course import COURSES

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "transcripts"
COURSE = "linear-equations"


def pages() -> dict[str, str]:
    """File name -> the page, for every learner."""
    course = read(COURSES / COURSE).course
    return {f"{profile.replace('_', '-')}.md": written.page(course, profile) for profile in written.LEARNERS}


class Command(BaseCommand):
    help = "Write docs/transcripts: five scripted learners through a whole course, without a model."

    def handle(self, *_args: Any, **_options: Any) -> None:
        FOLDER.mkdir(exist_ok=True)
        for name, page in pages().items():
            (FOLDER / name).write_text(page, encoding="utf-8")
