"""An export holds everything that is kept of a learner, says itself what it is, and needs no memory for it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import stat
import tracemalloc
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from sessions_app import log, registry
from sessions_app.models import Interaction, Session
from sessions_app.personal_data import erasing, exporting
from tests.bench import population
from tests.integration.sessions_app.personal_data.conftest import MARKER
from tools_app.models import ToolCall


def export(who: str, to: Path) -> str:
    out = StringIO()
    call_command("learner", "export", who, "--to", str(to), stdout=out)
    return out.getvalue()


def lines_of(path: Path) -> list[dict[str, Any]]:
    whole = path.read_bytes()
    plain = gzip.decompress(whole) if path.suffix == ".gz" else whole
    return [json.loads(line) for line in plain.splitlines()]


def test_every_session_interaction_and_call_stands_in_it(marked: Any, bystander: Any, tmp_path: Path) -> None:
    _, others = bystander()
    told = export(marked.get_username(), tmp_path / "file.jsonl")
    lines = lines_of(tmp_path / "file.jsonl")
    kinds = Counter(line["line"] for line in lines)

    mine = Session.objects.filter(learner=marked)
    assert kinds["session"] == mine.count()
    assert kinds["interaction"] == Interaction.objects.filter(session__in=mine).count()
    assert kinds["tool_call"] == ToolCall.objects.filter(session__in=mine).count()
    assert kinds["reply"] == 2
    assert kinds["quarantined"] == 1
    assert str(others) not in json.dumps(lines)
    assert lines[-1] == {"line": "end", "lines_before": len(lines) - 1}
    assert f"{len(lines):,} lines" in told


def test_its_first_line_says_what_the_others_are(marked: Any, tmp_path: Path) -> None:
    export(marked.get_username(), tmp_path / "file.jsonl")
    header, *lines = lines_of(tmp_path / "file.jsonl")

    assert (header["line"], header["format"], header["version"]) == ("header", exporting.FORMAT, exporting.VERSION)
    assert {line["line"] for line in lines} <= header["lines"].keys()
    assert all(header["lines"].values())


def test_what_is_in_it_is_what_the_log_says(marked: Any, tmp_path: Path) -> None:
    export(marked.get_username(), tmp_path / "file.jsonl")
    told = [line for line in lines_of(tmp_path / "file.jsonl") if line["line"] == "interaction"]
    session = Session.objects.filter(learner=marked, course="answering").get()

    mine = [line for line in told if line["session"] == str(session.pk)]
    stored = list(log.read(session.pk))
    assert [(line["seq"], line["kind"]) for line in mine] == [(entry.seq, entry.kind) for entry in stored]
    assert [line["payload"] for line in mine] == [json.loads(entry.payload or "") for entry in stored]
    assert mine[0]["at"] == log.iso(stored[0].at_us)


def test_forks_verdicts_disputes_and_mastery_are_told(marked: Any, tmp_path: Path) -> None:
    export(marked.get_username(), tmp_path / "file.jsonl")
    lines = lines_of(tmp_path / "file.jsonl")

    forks = [line for line in lines if line["line"] == "session" and line["parent"]]
    assert len(forks) == 2
    assert all(fork["fork_seq"] for fork in forks)
    verdicts = [line for line in lines if line["line"] == "verdict"]
    assert [one["question"] for one in verdicts if one["disputed"]] == ["solve"]
    assert "wrong" in {one["verdict"] for one in verdicts}


def test_files_are_in_it_byte_by_byte_and_as_they_were_read(marked: Any, tmp_path: Path) -> None:
    export(marked.get_username(), tmp_path / "file.jsonl")
    lines = lines_of(tmp_path / "file.jsonl")

    (file,) = [line for line in lines if line["line"] == "file"]
    content = b"".join(base64.b64decode(line["base64"]) for line in lines if line["line"] == "file_bytes")
    assert (file["name"], file["size"], file["sha256"]) == (
        f"{MARKER}.md", len(content), hashlib.sha256(content).hexdigest()
    )  # fmt: skip
    assert MARKER in content.decode()
    assert any(MARKER in line["text"] for line in lines if line["line"] == "file_section")


def test_gz_is_compressed_and_says_the_same(marked: Any, tmp_path: Path) -> None:
    export(marked.get_username(), tmp_path / "file.jsonl")
    export(str(marked.pk), tmp_path / "file.jsonl.gz")

    plain, packed = lines_of(tmp_path / "file.jsonl")[1:], lines_of(tmp_path / "file.jsonl.gz")[1:]
    assert plain == packed
    assert (tmp_path / "file.jsonl.gz").stat().st_size < (tmp_path / "file.jsonl").stat().st_size / 3


def test_the_file_is_for_nobody_else_and_whole_or_not_there(
    marked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(marked.get_username(), tmp_path / "file.jsonl")
    assert stat.S_IMODE((tmp_path / "file.jsonl").stat().st_mode) == 0o600

    monkeypatch.setattr(exporting, "encoded", _full_disk)
    with pytest.raises(CommandError, match="No space left"):
        export(marked.get_username(), tmp_path / "other.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["file.jsonl"]


def _full_disk(_line: dict[str, Any]) -> bytes:
    raise OSError(28, "No space left on device")


def test_what_was_erased_is_told_as_erased(marked: Any, tmp_path: Path) -> None:
    session = Session.objects.filter(learner=marked, course="answering").get()
    erasing.erase_session(session.pk, actor="root")

    export(marked.get_username(), tmp_path / "file.jsonl")

    told = [line for line in lines_of(tmp_path / "file.jsonl") if line.get("session") == str(session.pk)]
    assert told[0]["erased"] is not None
    assert {line["payload"] for line in told if line["line"] == "interaction"} == {None}
    assert MARKER not in json.dumps(told)


def test_a_learner_who_is_not_there_is_named(transactional_db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no user 'nobody'"):
        export("nobody", tmp_path / "file.jsonl")


def test_memory_does_not_grow_with_the_history(learner: Any, settings: Any, redis_url: str) -> None:
    def peak(session_length: int) -> int:
        session = registry.start_or_find(learner.pk, f"echo{session_length}", "echo", {})[0]
        population.lengthen(session, session_length)
        tracemalloc.start()
        try:
            for line in exporting.lines(learner):
                exporting.encoded(line)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(20)  # what is imported and compiled once
    short, long = peak(1_000), peak(4_000)

    assert long < 1.5 * short
