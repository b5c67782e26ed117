"""``make faults N=1000``: random schedules of faults on delivery, against a whole system of its own."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import sys
import time
from typing import TYPE_CHECKING

from config.services.data_folder import CHECKOUT
from tests.temporary_data import temporary_data_folder

if TYPE_CHECKING:
    from tests.faults.campaign import Tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--together", type=int, default=8, help="schedules side by side")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two faults that hit all, on average")
    parser.add_argument("--seconds", type=float, default=math.inf, help="after which no other schedule is begun")
    options = parser.parse_args()
    os.chdir(CHECKOUT)
    from tests.acceptance.live_system import LiveSystem
    from tests.faults.campaign import ENVIRONMENT, campaign

    began = time.monotonic()
    with temporary_data_folder() as data:
        system = LiveSystem(data, {**ENVIRONMENT, "TUTOR_FAULT_SEED": str(options.seed)})
        try:
            system.start()
            playing = campaign(
                system,
                options.schedules,
                options.seed,
                together=options.together,
                every_s=options.every,
                seconds=options.seconds,
                ended=_progress,
            )
            tally = asyncio.run(playing)
            violated = system.logs("web").count("action=stream.violated")
        finally:
            system.end()
    print(f"{tally.words}\n{violated} violations seen by the server's own checker, {time.monotonic() - began:.0f} s")
    for detail in tally.details[:20]:
        print(detail[:2_000])
    return 1 if tally.wrong or violated or tally.schedules < tally.begun else 0


def _progress(tally: Tally) -> None:
    if sys.stderr.isatty() or tally.schedules % 50 == 0:
        print(f"\r{tally.schedules} schedules, {sum(tally.wrong.values())} wrong", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
