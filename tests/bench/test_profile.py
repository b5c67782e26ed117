"""Reading what py-spy and Postgres wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import statements
from tests.bench.profile import read_profile

STACKS = """\
thread (7): commit-0;Thread.run (threading.py:1);work (/x/site-packages/psycopg/cursor.py:9) 1
thread (7): commit-0;Thread.run (threading.py:1);other (sessions_app/step.py:3) 3
thread (8): MainThread;run (asyncio/runners.py:86) 500
"""

LOG = """\
2026-11-20 16:00:00.000 UTC [1] LOG:  duration: 0.100 ms  parse s1: INSERT INTO log VALUES ($1, $2),
\t($3, $4)
2026-11-20 16:00:00.000 UTC [1] LOG:  duration: 0.200 ms  execute s1: INSERT INTO log VALUES ($1, $2),
\t($3, $4)
2026-11-20 16:00:00.000 UTC [1] DETAIL:  parameters: $1 = '7'
2026-11-20 16:00:00.000 UTC [1] LOG:  duration: 2.000 ms  statement: SELECT 'a', 12 FROM t3
2026-11-20 16:00:00.000 UTC [1] LOG:  duration: 1.000 ms  statement: SELECT 'b', 7 FROM t3
"""


def test_a_thread_that_only_waited_for_a_cpu_weighs_what_it_used(tmp_path: Path) -> None:
    stacks = tmp_path / "web.stacks"
    stacks.write_text(STACKS)

    profile = read_profile(stacks, {7: 4.0, 8: 1.0})

    assert profile.threads == {"commit-*": 4.0, "MainThread": 1.0}
    assert profile.packages == pytest.approx({"sessions_app": 3.0, "psycopg": 1.0, "asyncio": 1.0})
    assert profile.own["other (sessions_app/step.py:3)"] == pytest.approx(3.0)


def test_statements_are_counted_by_execution_whatever_their_literals(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(LOG)

    select, insert = statements.read(log, 0)

    assert (select.text, select.executions) == ("SELECT … FROM t3", 2)
    assert (insert.text, insert.executions) == ("INSERT INTO log VALUES (…) × n", 1)
    assert select.total_ms == pytest.approx(3.0)
    assert insert.total_ms == pytest.approx(0.3)
