"""A batch holds at most one event of a session; the next one waits until that is done, and keeps its place."""

from __future__ import annotations

import uuid
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app import conf
from sessions_app.batches import Batches
from sessions_app.delivery import Delivery

SESSIONS = [uuid.UUID(int=number) for number in range(5)]


def delivery(session: uuid.UUID) -> Delivery:
    return Delivery(session, None, by="tool")


@given(st.lists(st.sampled_from([*SESSIONS, "take", "done"])))
def test_in_any_course_of_things_each_session_is_delivered_to_once_at_a_time_and_in_order(steps: list[object]) -> None:
    batches: Batches[int] = Batches()
    given_: dict[uuid.UUID, list[int]] = defaultdict(list)
    taken: dict[uuid.UUID, list[int]] = defaultdict(list)
    out: list[list[tuple[Delivery, int]]] = []
    for number, step in enumerate([*steps, *["done", "take"] * (len(steps) + 1)]):
        if isinstance(step, uuid.UUID):
            given_[step].append(number)
            batches.add(delivery(step), number)
        elif step == "take":
            batch = batches.take()
            held = [one.session for whole in [*out, batch] for one, _ in whole]
            assert len(held) == len(set(held))
            for one, waiter in batch:
                taken[one.session].append(waiter)
            out.append(batch)
        elif out:
            batches.done(out.pop(0))
    assert taken == given_
    assert not batches


def test_a_batch_is_not_larger_than_one_transaction_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "BATCH_SESSIONS", 3)
    batches: Batches[int] = Batches()
    for number, session in enumerate(SESSIONS):
        batches.add(delivery(session), number)
    assert [waiter for _, waiter in batches.take()] == [0, 1, 2]
    assert [waiter for _, waiter in batches.take()] == [3, 4]
