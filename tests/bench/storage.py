"""What a turn leaves on the disk: ``python -m tests.bench.storage`` (docs/sizing.md).

Learners take the demo course for a while; then the database is asked how many rows and bytes each table has for every
turn that was finished, indexes included, and how much write-ahead log a turn takes.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from tests.bench import measure
from tests.bench.command import carry_out
from tests.bench.processes import BenchError
from tests.bench.programs import Launcher
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

TABLES = ("sessions_app_interaction", "tools_app_toolcall", "sessions_app_command", "sessions_app_timer")
_TURNS = "SELECT count(*) FROM sessions_app_interaction WHERE kind = 'turn.finished'"


def storage(options: argparse.Namespace) -> dict[str, Any]:
    """Rows and bytes a turn by table, and bytes a session. Raises ``BenchError``."""
    with ExitStack() as stack:
        data = stack.enter_context(temporary_data_folder())
        services = Services(data)
        stack.callback(services.stop)
        services.start()
        (program,) = Launcher(stack, services, data.logs).start([options.program])
        before = services.usage()
        measure.run(program, services.processes, options.sessions, 0.5, options.duration)
        written = services.usage()
        with psycopg.connect(program.database, autocommit=True) as connection:

            def ask(sql: str) -> Any:
                found = connection.execute(sql.encode()).fetchone()
                assert found is not None
                return found[0]

            turns = ask(_TURNS)
            if not turns:
                raise BenchError("no turn was finished; run again with a longer --duration")
            connection.execute("VACUUM FULL")  # what stays, not what updates have left behind for the moment
            tables = {
                table: {
                    "rows": ask(f"SELECT count(*) FROM {table}") / turns,
                    "bytes": ask(f"SELECT pg_total_relation_size('{table}')") / turns,
                }
                for table in TABLES
            }
            sessions = ask("SELECT count(*) FROM sessions_app_session")
            session_bytes = ask("SELECT pg_total_relation_size('sessions_app_session')") / sessions
    return {
        "program": program.name,
        "turns": turns,
        "sessions": sessions,
        "tables": tables,
        "rows_a_turn": sum(one["rows"] for one in tables.values()),
        "bytes_a_turn": sum(one["bytes"] for one in tables.values()),
        "bytes_a_session": session_bytes,
        "wal_bytes_a_turn": (written["WAL bytes"] - before["WAL bytes"]) / turns,
    }


def show(console: Console, taken: dict[str, Any]) -> None:
    """As a table."""
    table = Table(
        title=f"{taken['program']}: {taken['turns']:,} turns of {taken['sessions']} sessions", title_justify="left"
    )
    for heading in ("a turn leaves in", "rows", "bytes"):
        table.add_column(heading)
    for name, one in taken["tables"].items():
        table.add_row(name, f"{one['rows']:.2f}", f"{one['bytes']:,.0f}")
    table.add_row("all of them", f"{taken['rows_a_turn']:.2f}", f"{taken['bytes_a_turn']:,.0f}")
    console.print(table)
    console.print(f"a session itself: {taken['bytes_a_session']:,.0f} bytes; write-ahead log a turn: "
                  f"{taken['wal_bytes_a_turn']:,.0f} bytes")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.storage", description=__doc__)
    parser.add_argument("--program", choices=["echo", "tutoring"], default="tutoring")
    parser.add_argument("--sessions", type=int, default=64)
    parser.add_argument("--duration", type=float, default=8.0, help="seconds")
    parser.add_argument("--json", type=Path, default=Path(".data/bench-storage.json"), help="where the report goes")
    options = parser.parse_args()
    return carry_out(options, lambda _console: storage(options), show)


if __name__ == "__main__":
    sys.exit(main())
