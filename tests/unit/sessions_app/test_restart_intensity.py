"""The window of restarts is OTP's (statem.md S55, S56, S59), checkpoints are used up one by one (S60)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.supervisor import (
    CHECKPOINTS,
    REST_MOST_MS,
    Record,
    Supervision,
    crashed,
    dump,
    handled,
    is_abnormal,
    load,
    restarted_at,
)
from tutor.strategies import Strategy


def test_s55_intensity_one_allows_one_restart_and_not_two() -> None:
    once = Supervision(max_restarts=1, max_seconds=5)
    first, too_many = restarted_at([], 100, once)
    assert not too_many

    assert restarted_at(first, 100, once)[1]


def test_s55_intensity_zero_allows_none() -> None:
    assert restarted_at([], 100, Supervision(max_restarts=0, max_seconds=5))[1]


def test_s56_the_window_slides() -> None:
    once = Supervision(max_restarts=1, max_seconds=1)

    assert not restarted_at([100], 102, once)[1]


def test_s56_its_boundary_is_inclusive() -> None:
    once = Supervision(max_restarts=1, max_seconds=1)

    assert restarted_at([100], 101, once)[1]


def test_s54_killed_is_abnormal_normal_and_shutdown_are_not() -> None:
    assert [is_abnormal(reason) for reason in ("normal", "shutdown", "shutdown: later", "killed", "boom")] == [
        False, False, False, True, True,
    ]  # fmt: skip


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(0, 5), st.integers(0, 30))
def test_s55_too_many_means_exactly_more_than_allowed_within_the_window(
    gaps: list[int], most: int, seconds: int
) -> None:
    supervision = Supervision(max_restarts=most, max_seconds=seconds)
    window: list[int] = []
    history: list[int] = []
    now = 1_000
    for gap in gaps:
        now += gap % 7
        history.append(now)
        window, too_many = restarted_at(window, now, supervision)

        assert too_many == (sum(at >= now - seconds for at in history) > most)


@given(st.lists(st.booleans(), max_size=40))
def test_at_most_five_checkpoints_are_kept_each_of_another_state(changes: list[bool]) -> None:
    record, state_no = Record(), 0
    for seq, changed in enumerate(changes, start=1):
        state_no += changed
        record = handled(record, seq, state_no)

    assert len(record.proven) <= CHECKPOINTS
    numbers = [checkpoint.state_no for checkpoint in record.proven]
    assert numbers == sorted(set(numbers))
    if changes:
        assert record.candidate is not None
        assert record.candidate.seq == len(changes)
        assert all(checkpoint.seq < len(changes) for checkpoint in record.proven)


def test_s60_an_overflow_uses_the_newest_proven_checkpoint_up() -> None:
    record = Record()
    for number in range(1, 5):
        record = handled(record, number, number)

    verdict = crashed(record, 0, Supervision(max_restarts=0))

    assert verdict.strategy is Strategy.RESTORE
    assert [checkpoint.seq for checkpoint in verdict.checkpoints] == [3, 2, 1]
    assert [checkpoint.seq for checkpoint in verdict.record.proven] == [1, 2]
    assert verdict.record.candidate is None


def test_s58_rests_double_and_are_bounded() -> None:
    record, rests = Record(), []
    for _ in range(12):
        verdict = crashed(record, 0, Supervision(max_restarts=0))
        record = verdict.record
        rests.append(record.rests_until)

    assert rests[:3] == [500, 1_000, 2_000]
    assert max(rests) == REST_MOST_MS


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_a_record_survives_its_column(happenings: list[tuple[bool, bool]]) -> None:
    record = Record()
    for number, (crash, changed) in enumerate(happenings):
        if crash:
            record = crashed(record, number * 1_000, Supervision(max_restarts=1)).record
        else:
            record = handled(record, number + 1, number if changed else 0)

    assert load(dump(record)) == record
