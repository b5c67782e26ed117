"""The ticker looks after everybody once in a period, spread as they came, and after nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from sessions_app.ticker import Ticker

PERIOD_S = 0.5


def counter(of: Counter[int], number: int) -> Callable[[float], None]:
    def look(_now: float) -> None:
        of[number] += 1

    return look


async def test_each_is_looked_after_once_in_a_period() -> None:
    ticker, seen = Ticker(PERIOD_S), Counter[int]()
    for number in range(100):
        ticker.add(counter(seen, number))
    async with asyncio.timeout(20):
        while sum(seen.values()) < 300:
            await asyncio.sleep(0.01)

    assert set(seen.values()) == {3}


async def test_the_first_look_is_a_whole_period_away() -> None:
    ticker, loop = Ticker(PERIOD_S), asyncio.get_running_loop()
    looked: asyncio.Future[float] = loop.create_future()
    began = loop.time()
    ticker.add(lambda now: None if looked.done() else looked.set_result(now))

    assert await looked - began > 0.9 * PERIOD_S


async def test_who_left_is_not_looked_after_and_without_anybody_it_stands_still() -> None:
    ticker, seen = Ticker(PERIOD_S), Counter[int]()
    stays, leaves = counter(seen, 1), counter(seen, 2)
    ticker.add(stays)
    ticker.add(leaves)
    ticker.remove(leaves)
    ticker.remove(leaves)
    async with asyncio.timeout(20):
        while not seen[1]:
            await asyncio.sleep(0.01)
    ticker.remove(stays)
    await asyncio.sleep(PERIOD_S / 10)

    assert seen == {1: 1}
    assert (len(ticker), ticker._timer) == (0, None)


async def test_one_that_breaks_stops_nobody_else(caplog: object) -> None:
    ticker, seen = Ticker(PERIOD_S), Counter[int]()

    def broken(_now: float) -> None:
        raise ZeroDivisionError

    ticker.add(broken)
    ticker.add(counter(seen, 1))
    async with asyncio.timeout(20):
        while seen[1] < 2:
            await asyncio.sleep(0.01)
