"""What a simulation showed, as numbers and as the table of docs/mastery.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.simulation.lessons import Outcome
from tutor.elo import Answer, Rating


@dataclass(frozen=True)
class Row:
    """The learners of one profile. Shares are 0 to 1; None where there was nothing to share."""

    profile: str
    learners: int
    questions: float
    #: Skills practised, called mastered, and truly known in the end.
    skills: int
    called: int
    known: int
    #: Of what was called mastered: truly known at that moment. Of what is truly known in the end: called mastered.
    precision: float | None
    recall: float | None
    #: Misconceptions held at first, and the share of them that is held no more.
    held: int
    cured: float | None


def row(profile: str, outcomes: Sequence[Outcome]) -> Row:
    """The outcomes of one profile in one row."""
    called = [truly for one in outcomes for truly in one.called.values()]
    known = [skill in one.called for one in outcomes for skill, truly in one.known.items() if truly]
    held = sum(one.held for one in outcomes)
    return Row(
        profile,
        len(outcomes),
        sum(one.questions for one in outcomes) / len(outcomes),
        sum(len(one.known) for one in outcomes),
        len(called),
        len(known),
        _share(sum(called), len(called)),
        _share(sum(known), len(known)),
        held,
        _share(sum(one.cured for one in outcomes), held),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


_HEAD = (
    "| learners | questions each | skills practised | truly known in the end | called mastered | rightly (precision) "
    "| found (recall) | misconceptions cured |\n|---|--:|--:|--:|--:|--:|--:|--:|"
)


def written(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    return "\n".join([_HEAD, *(_line(one) for one in rows)])


def _line(one: Row) -> str:
    cured = "–" if one.cured is None else f"{_percent(one.cured)} of {one.held}"
    cells = (
        f"{one.learners} {one.profile}", f"{one.questions:.0f}", one.skills,
        f"{one.known} ({_percent(one.known / one.skills)})", f"{one.called} ({_percent(one.called / one.skills)})",
        _percent(one.precision), _percent(one.recall), cured,
    )  # fmt: skip
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def stability(outcomes: Sequence[Outcome]) -> tuple[int, float]:
    """Elo ratings of questions from one half of the learners against those from the other half: how many questions at
    least ten learners of each half have met, and the correlation."""
    one, other = (_ratings(half) for half in (outcomes[::2], outcomes[1::2]))
    shared = [q for q in one if q in other and min(one[q].answers, other[q].answers) >= 10]
    return len(shared), _correlation([one[q].difficulty for q in shared], [other[q].difficulty for q in shared])


def _ratings(outcomes: Sequence[Outcome]) -> dict[str, Rating]:
    ratings: dict[str, Rating] = {}
    for outcome in outcomes:
        for met in outcome.met:
            known = ratings.get(met.question, Rating(met.start, 0))
            ratings[met.question] = known.after(Answer("", met.question, met.start, met.ability, met.guess, met.right))
    return ratings


def _correlation(xs: Sequence[float], ys: Sequence[float]) -> float:
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    both = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    spread = (sum((x - mean_x) ** 2 for x in xs) * sum((y - mean_y) ** 2 for y in ys)) ** 0.5
    return both / spread if spread else 0.0
