"""A few fault schedules on delivery, seeded (``make faults`` plays a thousand)."""

from __future__ import annotations

import pytest

from tests.acceptance.live_system import LiveSystem
from tests.faults.campaign import ENVIRONMENT, campaign
from tests.temporary_data import temporary_data_folder

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


async def test_whatever_is_lost_every_window_ends_with_exactly_the_log_and_the_text() -> None:
    with temporary_data_folder() as data:
        system = LiveSystem(data, {**ENVIRONMENT, "TUTOR_FAULT_SEED": "7"})
        try:
            system.start()
            tally = await campaign(system, 10, seed=7, together=10, every_s=1.5)
            violated = [line for line in system.logs("web").splitlines() if "action=stream.violated" in line]
        finally:
            system.end()

    assert not tally.wrong, "\n".join(tally.details)
    assert tally.schedules == 10
    assert tally.faults["line cut"] > 10
    assert tally.characters
    assert not violated
