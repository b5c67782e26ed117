from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutor.evals import dataset
from tutor.evals.exceptions import DatasetError

ROWS = """
- input: What is the return policy?
  context: Returns accepted within 30 days with receipt.
  expected_output: You can return items within 30 days if you have a receipt.
  expected:
    contains:
      - 30 days
      - receipt
    faithful:
      threshold: 0.8

- input: What are the store hours?
  expected:
    contains_any: [9am, "9:00"]
    relevant: {}
"""


def written(folder: Path, text: str, name: str = "cases.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_in_tribunals_form_is_read_as_it_is(tmp_path: Path) -> None:
    found = dataset.load(written(tmp_path, ROWS))

    assert [row.case.id for row in found.rows] == ["cases-001", "cases-002"]
    assert found.rows[0].case.context == ["Returns accepted within 30 days with receipt."]
    assert found.rows[0].expected == {"contains": ["30 days", "receipt"], "faithful": {"threshold": 0.8}}


def test_json_says_the_same_as_yaml(tmp_path: Path) -> None:
    import yaml

    as_json = written(tmp_path, json.dumps(yaml.safe_load(ROWS)), "cases.json")

    assert dataset.load(as_json) == dataset.load(written(tmp_path, ROWS))


def test_defaults_hold_for_every_row_and_a_row_may_differ(tmp_path: Path) -> None:
    text = "name: n\ndefaults: {context: c, expected: {pii: {}, max_length: 10}}\ncases:\n"
    found = dataset.load(written(tmp_path, text + "- {input: a}\n- {input: b, expected: {max_length: 99}}\n"))

    assert [row.expected for row in found.rows] == [{"pii": {}, "max_length": 10}, {"pii": {}, "max_length": 99}]
    assert found.rows[0].case.context == ["c"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {input: a}", "row 1 expects nothing"),
        ("- {input: a, expected: {no_such: {}}}", "no_such"),
        ("- {inputs: a, expected: [pii]}", "inputs"),
        ("- {id: a, expected: [pii]}\n- {id: a, expected: [pii]}", "several rows"),
        ("input: [", "YAML"),
        ("just a text", "object"),
    ],
)
def test_what_is_no_dataset_is_refused_with_the_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DatasetError, match=told) as raised:
        dataset.load(written(tmp_path, text))

    assert "cases.yaml" in str(raised.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        dataset.load(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", ["nothing", "json:no_such", "no_such_module:f", "json:decoder"])
def test_a_provider_that_cannot_be_called_is_refused(path: str) -> None:
    with pytest.raises(DatasetError, match="provider"):
        dataset.provider(path)
