"""How answers reach the ratings of their questions: one row each, in the commit that judged the answer.

Only the learner's own session of a course counts, and only what it did at first: a fork never, and nothing after a
rewind, for then the answers have been seen.
"""

from __future__ import annotations

from sessions_app import names
from sessions_app.delivery import Statement, Write
from sessions_app.effects import Performing, perform
from tutor.effects import RateQuestion
from tutor.interactions import QuestionRated

INSERT_ANSWER_RATING = Statement(
    "insert_answer_rating",
    """
INSERT INTO tutor_answerrating (course, question, start, ability, guess, "right")
SELECT course, question, start, ability, guess, "right"
  FROM json_to_recordset(%s) AS r(course text, question text, start float8, ability float8, guess float8, "right" bool)
RETURNING 1""",
)


@perform.register
def _(effect: RateQuestion, performing: Performing) -> None:
    row = performing.row
    if row.era or row.name != names.name(row.learner_id, row.course):
        return
    fact = QuestionRated(
        question=effect.question, start=effect.start, ability=effect.ability, guess=effect.guess, right=effect.right
    )
    performing.facts.append(fact)
    performing.writes.append(
        Write(
            INSERT_ANSWER_RATING,
            {
                "course": row.course,
                "question": fact.question,
                "start": fact.start,
                "ability": fact.ability,
                "guess": fact.guess,
                "right": fact.right,
            },
        )
    )
