"""How every benchmark's command ends: what cannot be measured is told in red, what was measured is shown and kept."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from tests.bench.processes import BenchError

Taken = dict[str, Any]


def carry_out(
    options: argparse.Namespace,
    measure: Callable[[Console], Taken],
    show: Callable[[Console, Taken], None],
) -> int:
    """Measure, show, and write the report to ``options.json``. Returns the exit status: 1 for a ``BenchError``."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        taken = measure(console)
    except BenchError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    show(console, taken)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(taken, indent=1))
    console.print(f"report: {options.json}")
    return 0
