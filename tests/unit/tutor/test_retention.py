"""When a mastered skill comes again: later after each success, soon after a lapse, and always on the same day."""

from __future__ import annotations

from fsrs import Rating
from hypothesis import given
from hypothesis import strategies as st

from tutor import retention
from tutor.mastery import RECALLS, Evidence, SkillRecord, remembered

DAY = 86_400_000
NOW = 1_800_000_000_000
ratings = st.sampled_from([Rating.Good, Rating.Hard, Rating.Again])


def days(card: retention.Card) -> float:
    return (card.due_ms - card.last_ms) / DAY


def test_a_card_begins_when_the_skill_is_mastered_and_not_before() -> None:
    learning = remembered(SkillRecord(p=0.9), Evidence.UNASSISTED, NOW, mastered=False)
    firm = remembered(SkillRecord(p=0.97), Evidence.UNASSISTED, NOW, mastered=True)

    assert learning.card is None
    assert firm.card is not None
    assert firm.card.due_ms == NOW + 2 * DAY


def test_each_success_puts_the_next_review_further_off() -> None:
    card, pauses = retention.begun(NOW), []
    for _ in range(4):
        pauses.append(days(card))
        card = retention.reviewed(card, Rating.Good, card.due_ms)

    assert pauses == sorted(pauses)
    assert pauses[-1] > 30


def test_a_lapse_brings_it_back_soon_and_a_hint_sooner_than_none() -> None:
    card = retention.reviewed(retention.begun(NOW), Rating.Good, NOW + 2 * DAY)
    good, hard, again = (
        days(retention.reviewed(card, rating, card.due_ms)) for rating in (Rating.Good, Rating.Hard, Rating.Again)
    )

    assert again < hard < good
    assert again <= 3


def test_the_chance_to_remember_is_nine_in_ten_when_it_is_due() -> None:
    card = retention.begun(NOW)

    assert abs(retention.remembered(card, card.due_ms) - retention.RETENTION) < 0.02
    assert retention.is_due(card, card.due_ms)
    assert not retention.is_due(card, card.due_ms - 1)
    assert not retention.is_due(None, NOW)


@given(st.lists(st.tuples(ratings, st.integers(0, 400)), max_size=12))
def test_the_same_reviews_give_the_same_dates_within_a_year_and_never_in_the_past(
    reviews: list[tuple[Rating, int]],
) -> None:
    def played() -> list[retention.Card]:
        cards, now = [retention.begun(NOW)], NOW
        for rating, pause in reviews:
            now += pause * DAY
            cards.append(retention.reviewed(cards[-1], rating, now))
        return cards

    first = played()
    assert first == played()
    assert all(1 <= days(card) <= retention.LONGEST_DAYS for card in first)


def test_a_clock_that_lies_a_little_behind_does_no_harm() -> None:
    card = retention.begun(NOW)

    assert retention.reviewed(card, Rating.Good, NOW - 5_000).last_ms == NOW


def test_every_kind_of_evidence_is_a_review_and_none_is_easy() -> None:
    assert set(RECALLS) == set(Evidence)
    assert RECALLS[Evidence.UNASSISTED] is Rating.Good
    assert RECALLS[Evidence.AFTER_HINT] is Rating.Hard
    assert RECALLS[Evidence.GIVEN_UP] is Rating.Again
    assert Rating.Easy not in RECALLS.values()
