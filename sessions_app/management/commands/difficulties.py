"""How hard the questions of a course are by the answers to them; and counting that anew from the logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sessions_app.models import Interaction
from tutor import catalogue, elo, interactions, question_ratings
from tutor.elo import Answer
from tutor.interactions import QuestionRated
from tutor.models import QuestionRating


class Command(BaseCommand):
    """``manage.py difficulties <course>``, ``manage.py difficulties --rebuild``."""

    help = (
        "Show how hard a course's questions are by the answers to them (Elo); --rebuild counts it anew from the logs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course", nargs="?", help="the course's slug")
        parser.add_argument("--rebuild", action="store_true", help="count all answers of all logs anew")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["rebuild"]:
            rated = question_ratings.replace_all(_answers())
            self.stdout.write(f"Counted anew: {rated} questions are rated.")
        if options["course"] is not None:
            self._show(options["course"])
        elif not options["rebuild"]:
            raise CommandError("Name a course, or --rebuild.")

    def _show(self, slug: str) -> None:
        try:
            version = catalogue.latest(slug)
        except catalogue.UnknownCourse as error:
            raise CommandError(str(error)) from None
        written = {q.id: q.difficulty for topic in catalogue.written_course(version).topics for q in topic.questions}
        self.stdout.write(f"{'question':40} {'author':>7} {'answers':>8} {'measured':>9}")
        rows = {rating.question: rating for rating in QuestionRating.objects.filter(course=slug)}
        for question, author in written.items():
            rating = rows.get(question)
            measured = "" if rating is None else f"{elo.as_author(rating.difficulty):.2f}"
            self.stdout.write(f"{question:40} {author:7.2f} {rating.answers if rating else 0:8} {measured:>9}")


def _answers() -> Iterator[Answer]:
    """Every first answer of every log, in the order in which they were given; what was erased is not there any more."""
    rows = Interaction.objects.filter(kind=QuestionRated.kind, payload__isnull=False)
    ordered = rows.order_by("at", "session_id", "seq").values_list("session__course", "version", "payload")
    for course, version, payload in ordered.iterator(chunk_size=5_000):
        fact = interactions.decode(QuestionRated.kind, version, payload or "{}")
        if isinstance(fact, QuestionRated):
            yield Answer(course, fact.question, fact.start, fact.ability, fact.guess, fact.right)
