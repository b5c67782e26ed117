"""An import that was killed is finished by the same command, and gives the same course."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tutor.importing.content_pool import Pool, choice, hint, step
from tutor.course_format import read
from tutor.importing import building, conversion
from tutor.importing.conversion import Target, convert
from tutor.importing.item import Item, Refused, Unreadable
from tutor.importing.journal import FILE_NAME
from tutor.importing.oatutor import ContentPool

TARGET = Target(id="sums", title="Sums", licence="CC-BY-4.0", source="Tests")
HEADER = {"source": "pool", "digest": "1"}


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def pool(tmp_path: Path) -> ContentPool:
    made = Pool(tmp_path / "pool")
    for n in range(2, 9):
        made.problem(step(stepTitle=f"What is $$1+{n}$$?", stepAnswer=[f"$${n + 1}$$"]), hints=[hint("Count on.")])
    made.problem(choice(["red", "Red"], "red"))
    return ContentPool(made.folder, None)


def test_nothing_is_built_twice_and_nothing_is_lost(pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = convert(pool, TARGET, tmp_path / "whole", HEADER, lambda outcome: None)
    built: list[str] = []
    build = building.build

    def counted(item: Item, name: str) -> Any:
        built.append(item.key)
        return build(item, name)

    monkeypatch.setattr(conversion, "build", counted)

    def dies(outcome: Any) -> None:
        if len(built) == 4:
            raise Killed

    with pytest.raises(Killed):
        convert(pool, TARGET, tmp_path / "out", HEADER, dies)
    assert not (tmp_path / "out" / "course.yaml").exists()
    file = tmp_path / "out" / FILE_NAME
    file.write_bytes(file.read_bytes() + b'{"key": "half a li')

    seen: list[str] = []
    assert convert(pool, TARGET, tmp_path / "out", HEADER, lambda outcome: seen.append(outcome.key)) == whole
    assert read(tmp_path / "out").course == read(tmp_path / "whole").course == whole
    assert len(built) == len(set(built)) == len(seen) == 8


def test_the_journal_tells_what_became_of_each_item(pool: Any, tmp_path: Path) -> None:
    convert(pool, TARGET, tmp_path, HEADER, lambda outcome: None)
    header, *lines = [json.loads(line) for line in (tmp_path / FILE_NAME).read_text().splitlines()]
    assert header["source"] == "pool"
    assert [line["outcome"] for line in lines] == ["imported"] * 7 + ["refused"]
    assert lines[-1]["why"] == ["options 'a' and 'b' say the same"]


def test_another_source_begins_again(pool: Any, tmp_path: Path) -> None:
    convert(pool, TARGET, tmp_path, HEADER, lambda outcome: None)
    done = (tmp_path / FILE_NAME).read_text().splitlines()
    (tmp_path / FILE_NAME).write_text("\n".join([done[0], done[1].replace("Count on", "Old hint")]) + "\n")
    kept = convert(pool, TARGET, tmp_path, HEADER, lambda outcome: None)
    assert kept.topics[0].questions[0].hints == ["Old hint."]
    anew = convert(pool, TARGET, tmp_path, {**HEADER, "digest": "2"}, lambda outcome: None)
    assert anew.topics[0].questions[0].hints == ["Count on."]


def test_a_source_without_a_question_makes_no_course(tmp_path: Path) -> None:
    class Empty:
        title, lang = "Empty", "en"

        def items(self) -> Iterator[Item | Unreadable]:
            yield Unreadable("a", "line 1", "it asks nothing")

    with pytest.raises(Refused, match="nothing in it"):
        convert(Empty(), TARGET, tmp_path, HEADER, lambda outcome: None)


def test_a_fault_in_one_item_stops_no_other(pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = building._built

    def faulty(item: Item, name: str) -> Any:
        if item.key == "sum2a":
            raise ZeroDivisionError("a fault")
        return real(item, name)

    monkeypatch.setattr(building, "_built", faulty)
    found = {outcome.key: outcome for outcome in conversion.outcomes(pool.items())}
    assert found["sum2a"].why == ["a fault of this program: ZeroDivisionError('a fault')"]
    assert found["sum3a"].outcome == "imported"
