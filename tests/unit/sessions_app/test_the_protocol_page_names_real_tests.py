"""docs/protocol.md names a test for each row; each of them exists, and no closing code or error is forgotten."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from config.services.data_folder import CHECKOUT
from sessions_app import frames
from sessions_app.exceptions import Code

PAGE = (CHECKOUT / "docs" / "protocol.md").read_text()
FOLDERS = {
    "A": "tests/acceptance",
    "W": "tests/integration/sessions_app/web",
    "S": "tests/integration/sessions_app",
    "U": "tests/unit",
}
NAMED = sorted(set(re.findall(r"`([AWSU])/([\w/]+\.py)::(\w+)`", PAGE)))
#: The client's own, and the transport's.
NOT_OURS = {"ENDED"}


@cache
def functions_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_there_is_a_table() -> None:
    assert len(NAMED) > 50


@pytest.mark.parametrize(("folder", "file", "name"), NAMED)
def test_a_named_test_exists(folder: str, file: str, name: str) -> None:
    assert name in functions_in(CHECKOUT / FOLDERS[folder] / file)


def test_every_row_of_the_table_has_a_proof() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "proof" not in line]
    between = PAGE.split("## Rows, and what proves them")[1].split("## Delivery under loss")[0].splitlines()

    assert all("::" in row for row in rows if row in between)


@pytest.mark.parametrize("code", [code for code in get_args(Code) if code not in {"busy", "not_found", "read_only"}])
def test_every_error_code_is_in_it(code: str) -> None:
    assert f"`{code}`" in PAGE or code == "unavailable"


@pytest.mark.parametrize(
    "code", [value for name, value in vars(frames.Close).items() if name.isupper() and name not in NOT_OURS]
)
def test_every_closing_code_is_in_it(code: int) -> None:
    assert str(code) in PAGE
