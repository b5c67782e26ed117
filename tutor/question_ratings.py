"""The Elo ratings of questions, kept over all learners: each answer counted once, whoever counts it.

A first answer to a question is one row, written in the commit of its session, so that sessions never wait for each
other. ``sweep`` takes such rows, moves the ratings and deletes the rows in one transaction; only one process at a time
does so. Whatever dies before that transaction commits has counted nothing. What the rows were stands in the sessions'
logs as well (``question.rated``), from which all ratings can be counted anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from tutor.elo import Answer, Rating
from tutor.models import AnswerRating, QuestionRating

#: Answers counted in one transaction.
BATCH = 1_000
#: The advisory lock of who counts.
_LOCK = 0x7475_656C


def difficulties(course: str) -> dict[str, float]:
    """question id -> its rating, in logits, of all questions of a course that were answered."""
    return dict(QuestionRating.objects.filter(course=course).values_list("question", "difficulty"))


def counted(ratings: dict[tuple[str, str], Rating], answers: Iterable[Answer]) -> None:
    """Move the ratings by the answers, in order."""
    for answer in answers:
        key = (answer.course, answer.question)
        ratings[key] = ratings.get(key, Rating(answer.start, 0)).after(answer)


def sweep() -> int:
    """Count what has been answered since. Returns how many answers; 0 also where another process is counting."""
    total = 0
    while True:
        found = _count_some()
        total += found
        if found < BATCH:
            return total


def replace_all(answers: Iterable[Answer]) -> int:
    """Count everything anew, in the order given, in place of what stands. Returns how many questions are rated.

    ``answers`` is read inside the transaction. Not within another transaction.
    """
    ratings: dict[tuple[str, str], Rating] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            with transaction.atomic():
                # One snapshot of logs and rows: what is answered meanwhile is in neither, and is counted afterwards.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                AnswerRating.objects.all().delete()
                counted(ratings, answers)
                QuestionRating.objects.all().delete()
                _store(ratings)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return len(ratings)


def _count_some() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        rows = list(AnswerRating.objects.order_by("pk")[:BATCH])
        if not rows:
            return 0
        answers = [Answer(r.course, r.question, r.start, r.ability, r.guess, r.right) for r in rows]
        wanted = {answer.question for answer in answers}
        ratings = {
            (known.course, known.question): Rating(known.difficulty, known.answers)
            for known in QuestionRating.objects.filter(question__in=wanted)
        }
        counted(ratings, answers)
        _store({(one.course, one.question): ratings[one.course, one.question] for one in answers})
        AnswerRating.objects.filter(pk__in=[row.pk for row in rows]).delete()
        return len(rows)


def _store(ratings: dict[tuple[str, str], Rating]) -> None:
    QuestionRating.objects.bulk_create(
        [
            QuestionRating(course=course, question=question, difficulty=rating.difficulty, answers=rating.answers)
            for (course, question), rating in sorted(ratings.items())
        ],
        update_conflicts=True,
        unique_fields=["course", "question"],
        update_fields=["difficulty", "answers"],
    )
