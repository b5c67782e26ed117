"""A plan is made once, perhaps on empty tables, and kept while they grow: it must find its rows by a key."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import sessions_app
import tools_app
from sessions_app import commit
from sessions_app.delivery import Statement
from tests.own_connection import own_connection
from tools_app import calls, doubt, observing, settling

#: Once for each file that somebody uploads, not for each turn.
RARE = frozenset({"conclude_file"})


def _statements() -> dict[str, str]:
    """All that the kernel may combine into a write, and what it asks with the lock and at a claim."""
    found = {
        "lock": commit.LOCK_FREE,
        "commands": commit.COMMANDS,
        "look up of a settle": settling._CALLS,
        "look up of a decision": doubt._CALL,
        "look up of an observer": observing._STANDS,
        "claim": calls._CLAIM_ALL,
        "crowded": calls._CROWDED,
    }
    for package in (sessions_app, tools_app):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in module.name or ".management" in module.name:
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Statement):
                    found[value.name] = value.sql
    return found


STATEMENTS = _statements()


@pytest.fixture
def pg(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    with own_connection() as own:
        commit.make_ready(own)
        yield own


def _plan(pg: psycopg.Connection[Any], sql: str) -> dict[str, Any]:
    first, *others = sql.split("%s")
    text = first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))
    pg.execute(f"PREPARE one AS {text}".encode())
    arguments = f"({', '.join(['NULL'] * len(others))})" if others else ""
    found = pg.execute(f"EXPLAIN (FORMAT JSON) EXECUTE one{arguments}".encode()).fetchone()
    assert found is not None
    plan = found[0] if isinstance(found[0], list) else json.loads(found[0])
    root: dict[str, Any] = plan[0]["Plan"]
    return root


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _whole(pg: psycopg.Connection[Any], plan: dict[str, Any]) -> list[str]:
    """What is read without a condition on a key; an index of few rows (the queued, the running ones) may be."""
    partial = {
        name for (name,) in pg.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
    }
    return [
        f"{node['Node Type']} of {node.get('Index Name', node.get('Relation Name'))}"
        for node in _nodes(plan)
        if node["Node Type"] == "Seq Scan"
        or ("Index Name" in node and "Index Cond" not in node and node["Index Name"] not in partial)
    ]


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - RARE))
def test_a_statement_planned_on_empty_tables_reads_no_whole_table(pg: psycopg.Connection[Any], name: str) -> None:
    assert _whole(pg, _plan(pg, STATEMENTS[name])) == []


def test_the_look_would_find_a_whole_table(pg: psycopg.Connection[Any]) -> None:
    pg.execute("SET enable_hashjoin = on")
    assert _whole(pg, _plan(pg, calls.SETTLE.sql)) != []


def test_all_that_a_turn_writes_is_looked_at() -> None:
    wanted = {"insert_session", "update_session", "insert_interaction", "insert_command", "arm_timer", "disarm_timer"}
    assert wanted | {"insert_call", "settle_call", "cancel_call"} <= STATEMENTS.keys()
