"""Cases in YAML or JSON files, in Tribunal's form.

    - input: What is the return policy?
      context: Returns accepted within 30 days with receipt.
      expected_output: Within 30 days, with a receipt.
      output: …                    # only where no provider makes it
      expected:
        contains: [30 days, receipt]
        faithful: {threshold: 0.9}

A file is a list of such rows, or ``{name: …, defaults: {expected: …}, cases: [rows]}``; a row's own ``expected`` wins
over the defaults, metric by metric.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tutor.evals.case import Case
from tutor.evals.exceptions import DatasetError, UnknownMetric
from tutor.evals.registry import find

#: In bytes.
MAX_FILE = 20_000_000

#: Makes the output of a case.
Provider = Callable[[Case], str]


class Row(msgspec.Struct, frozen=True):
    """One case and what is expected of it: metric -> options."""

    case: Case
    expected: dict[str, Any]


class Dataset(msgspec.Struct, frozen=True):
    """The rows of one file."""

    name: str
    rows: list[Row]


class _PlainRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    input: str = ""
    context: str | list[str] = []
    expected_output: str | None = None
    output: str | None = None
    expected: dict[str, Any] | list[str] = {}
    metadata: dict[str, Any] = {}
    id: str = ""


class _PlainFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cases: list[_PlainRow]
    name: str = ""
    defaults: _PlainRow = _PlainRow()


def load(path: Path) -> Dataset:
    """The dataset in a file. Raises ``DatasetError``, which names the file and the row."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise DatasetError(f"{path}: a dataset has at most {MAX_FILE:,} bytes")
        # JSON is YAML too, but yaml reads it slowly.
        text = path.read_text(encoding="utf-8")
        plain = msgspec.json.decode(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: is neither YAML nor JSON: {error}") from None
    if isinstance(plain, list):
        plain = {"cases": plain}
    try:
        # Numbers and truth values may stand where a text is meant, as people write YAML.
        file = msgspec.convert(plain, _PlainFile, strict=False)
    except msgspec.ValidationError as error:
        raise DatasetError(f"{path}: {error}") from None
    name = file.name or path.stem
    rows = [_row(path, name, number, row, file.defaults) for number, row in enumerate(file.cases, start=1)]
    twice = {row.case.id for row in rows if sum(other.case.id == row.case.id for other in rows) > 1}
    if twice:
        raise DatasetError(f"{path}: several rows have the id {sorted(twice)[0]!r}")
    return Dataset(name, rows)


def _row(path: Path, name: str, number: int, row: _PlainRow, defaults: _PlainRow) -> Row:
    context = row.context or defaults.context
    expected = {**_metrics(defaults.expected), **_metrics(row.expected)}
    if not expected:
        raise DatasetError(f"{path}: row {number} expects nothing; name at least one metric under 'expected'")
    for metric in expected:
        try:
            find(metric)
        except UnknownMetric as error:
            raise DatasetError(f"{path}: row {number}: {error}") from None
    case = Case(
        input=row.input or defaults.input,
        output=row.output or defaults.output or "",
        expected=row.expected_output if row.expected_output is not None else defaults.expected_output,
        context=[context] if isinstance(context, str) else context,
        metadata={**defaults.metadata, **row.metadata},
        id=row.id or f"{name}-{number:03}",
    )
    return Row(case, expected)


def _metrics(expected: dict[str, Any] | list[str]) -> dict[str, Any]:
    return dict.fromkeys(expected) if isinstance(expected, list) else dict(expected)


def provider(path: str) -> Provider:
    """The callable that ``module:function`` or ``module.function`` names. Raises ``DatasetError``."""
    module, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DatasetError(f"there is no provider {path!r}: {error}") from None
    if not callable(found):
        raise DatasetError(f"the provider {path!r} cannot be called")
    made: Provider = found
    return made
