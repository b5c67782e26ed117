"""The table of what is done about each reason (DESIGN §5): its rows, its choice, and that it can be extended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import strategies
from tutor.strategies import TABLE, Row, Strategy, Try, add, choose

EVERYTHING = frozenset(Strategy)


@pytest.fixture
def table() -> Iterator[None]:
    """The table may be changed by the test."""
    before = dict(TABLE)
    yield
    strategies._table.clear()
    strategies._table.update(before)


@pytest.mark.parametrize(
    ("reason", "tried", "counts"),
    [
        ("normal", [], False),
        ("timeout", ["retry", "offline", "stop"], False),
        ("unreachable", ["retry", "offline", "stop"], False),
        ("overloaded", ["wait", "offline", "stop"], False),
        ("context_too_long", ["compact", "offline", "stop"], False),
        ("bad_output", ["repair", "offline", "stop"], False),
        ("lost_contact", ["retry", "park", "stop"], False),
        ("killed", ["retry", "park", "stop"], True),
        ("out_of_memory", ["retry", "park", "stop"], True),
        ("tool_bug", ["offline", "stop"], True),
        ("misconfigured", ["offline", "stop"], False),
        ("bad_arguments", ["stop"], False),
        ("refused", ["stop"], False),
        ("machine_bug", ["end", "skip", "restore"], True),
        ("machine_spins", ["end", "restore"], True),
        ("stopped", ["restart", "stop"], True),
    ],
)
def test_the_table_is_that_of_the_design(reason: str, tried: list[str], counts: bool) -> None:
    assert [one.strategy.value for one in TABLE[reason].tries] == tried
    assert TABLE[reason].counts_as_restart is counts


def test_the_last_attempt_runs_alone_where_the_one_before_took_its_process_with_it() -> None:
    assert {reason for reason, row in TABLE.items() if row.last_alone} == {"lost_contact", "killed", "out_of_memory"}


def test_a_malformed_output_is_repaired_at_most_twice() -> None:
    used: Counter[Strategy] = Counter()
    chosen = []
    for _ in range(4):
        strategy = choose("bad_output", EVERYTHING, used)
        assert strategy is not None
        used[strategy] += 1
        chosen.append(strategy)

    assert chosen == [Strategy.REPAIR, Strategy.REPAIR, Strategy.OFFLINE, Strategy.OFFLINE]


@given(
    reason=st.sampled_from(sorted(TABLE)),
    possible=st.frozensets(st.sampled_from(list(Strategy))),
    used=st.dictionaries(st.sampled_from(list(Strategy)), st.integers(0, 4)),
)
def test_the_first_of_the_row_that_is_possible_and_not_used_up_is_chosen(
    reason: str, possible: frozenset[Strategy], used: dict[Strategy, int]
) -> None:
    def left(one: Try) -> bool:
        return one.strategy in possible and (one.at_most is None or used.get(one.strategy, 0) < one.at_most)

    allowed = [one.strategy for one in TABLE[reason].tries if left(one)]

    assert choose(reason, possible, used) == (allowed[0] if allowed else None)


@given(
    reason=st.sampled_from(sorted(TABLE)), used=st.dictionaries(st.sampled_from(list(Strategy)), st.integers(0, 1_000))
)
def test_something_is_always_left_to_do(reason: str, used: dict[Strategy, int]) -> None:
    assert choose(reason, EVERYTHING, used) is not None or not TABLE[reason].tries


@pytest.mark.usefixtures("table")
def test_another_app_adds_a_reason_of_its_own() -> None:
    add(Row("licence_expired", (Try(Strategy.WAIT, 1), Try(Strategy.STOP)), "The licence has expired"))

    assert choose("licence_expired", EVERYTHING) is Strategy.WAIT
    assert choose("licence_expired", EVERYTHING, {Strategy.WAIT: 1}) is Strategy.STOP


@pytest.mark.usefixtures("table")
def test_a_row_whose_last_strategy_may_be_used_up_is_refused() -> None:
    with pytest.raises(ValueError, match="something has to be left"):
        add(Row("odd", (Try(Strategy.RETRY, 1),), "Odd"))

    assert "odd" not in TABLE


def test_an_unknown_reason_is_said_to_be_unknown() -> None:
    with pytest.raises(strategies.UnknownReason, match=r"strategies\.add"):
        choose("from another world", EVERYTHING)
