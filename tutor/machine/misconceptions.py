"""What is known of a learner's known errors: seen, treated, passed in a later question, relapsed, contested."""

from __future__ import annotations

from tutor import selection
from tutor.course import Question
from tutor.machine.data import ErrorRecord, Sighting, TutoringData
from tutor.machine.situation import Situation, change

#: Newest sightings that are kept as evidence.
SIGHTINGS = 5
#: Sightings of one known error after which treating it again would only tire.
STUBBORN = 3


def seen(s: Situation, data: TutoringData, name: str) -> dict[str, ErrorRecord]:
    """The learner's known errors with one more sighting, in the answer that was just checked."""
    record = data.known_errors.get(name, ErrorRecord())
    again = record.remediated > 0
    sighting = Sighting(question=s.question.id, number=s.question.number, given=s.pending.given)
    record = change(
        record,
        seen=record.seen + 1,
        relapsed=record.relapsed + again,
        skill=s.question.skill,
        standing="relapsed" if again else "active",
        sightings=(*record.sightings, sighting)[-SIGHTINGS:],
    )
    return {**data.known_errors, name: record}


def treated(data: TutoringData, name: str) -> dict[str, ErrorRecord]:
    """The learner's known errors after a treatment that was passed."""
    record = data.known_errors.get(name, ErrorRecord())
    return {**data.known_errors, name: change(record, remediated=record.remediated + 1, standing="treated")}


def passed(data: TutoringData, question: Question, number: int) -> dict[str, ErrorRecord]:
    """The learner's known errors after a question that was right at once: those that could have shown, and were met in
    an earlier question, have passed a re-test."""
    could_show = selection.could_show(question)
    return {
        name: change(record, passed=record.passed + 1, standing="resolved")
        if name in could_show and record.seen and all(sighting.number < number for sighting in record.sightings)
        else record
        for name, record in data.known_errors.items()
    }


def contested(data: TutoringData, name: str) -> dict[str, ErrorRecord]:
    """The learner's known errors after the learner has said: this is not mine."""
    return {**data.known_errors, name: change(data.known_errors[name], standing="contested")}
