"""A lane claims no more than it can begin, and keeps its last slots from whoever fills the others."""

from __future__ import annotations

import asyncio
import uuid

from hypothesis import given
from hypothesis import strategies as st

from tools_app import conf
from tools_app.calls import Claimed
from tools_app.lane import Lane

#: What happens: a claim of what is wanted finds calls of these courses, or some running calls end.
_STEPS = st.lists(st.one_of(st.lists(st.sampled_from("abc"), max_size=40), st.integers(1, 30)), max_size=30)


def call(course: str) -> Claimed:
    return Claimed(
        session=uuid.uuid4(), ref="c1", turn=None, tool="echo", args={}, scope={}, attempt=1, handed_back=0, owner="me",
        background=False, course=course, started_at=None, left_s=10.0,
    )  # fmt: skip


async def end(lane: Lane, ended: list[asyncio.Event]) -> None:
    for event in ended:
        event.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@given(slots=st.integers(1, 40), steps=_STEPS)
def test_whatever_happens_slots_are_not_exceeded_and_crowding_courses_get_no_kept_one(
    slots: int, steps: list[list[str] | int]
) -> None:
    async def play() -> None:
        lane = Lane("loop", ["tools"], slots)
        kept = int(slots * conf.KEPT)
        running: list[tuple[str, asyncio.Event]] = []
        for step in steps:
            if isinstance(step, int):
                gone, running = running[:step], running[step:]
                await end(lane, [event for _course, event in gone])
                continue
            want = lane.want()
            if want is None:
                assert len(running) == slots
                continue
            assert 0 < want.calls <= slots - len(running)
            if want.in_turn:
                assert slots - len(running) <= kept
                for course in "abc":
                    holds = sum(holder == course for holder, _event in running)
                    assert (course in want.without) == (holds >= slots / 2)
            else:
                assert want.calls <= slots - kept - len(running)
                assert want.without == ()
            for course in [one for one in step if one not in want.without][: want.calls]:
                event = asyncio.Event()
                lane.add(call(course), asyncio.create_task(event.wait()))  # type: ignore[arg-type]
                running.append((course, event))
            await asyncio.sleep(0)
        await end(lane, [event for _course, event in running])
        assert list(lane.running()) == []

    asyncio.run(play())


def test_the_end_of_a_call_says_that_a_slot_is_free_only_where_slots_are_short() -> None:
    async def play() -> None:
        lane = Lane("loop", ["tools"], 20)
        events = [asyncio.Event() for _ in range(20)]
        for event in events:
            lane.add(call("a"), asyncio.create_task(event.wait()))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await end(lane, events[:1])
        assert lane.work.is_set()
        await end(lane, events[1:10])
        lane.work.clear()
        await end(lane, events[10:])
        assert not lane.work.is_set()

    asyncio.run(play())
