from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.services.data_folder import CHECKOUT, DataFolder


def _others_may(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) & 0o077


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path / "a folder" / "data"))

    assert DataFolder.of_environment().path == tmp_path / "a folder" / "data"


def test_the_checkout_does_not_show_its_data_to_git() -> None:
    assert ".data/" in (CHECKOUT / ".gitignore").read_text().split()


def test_a_secret_stays_the_same_and_is_its_owners_alone(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)

    assert data.secret("admin") == DataFolder(tmp_path).secret("admin") != data.secret("valkey")
    assert _others_may(data.secret_path("admin")) == 0
    assert _others_may(data.secret_path("admin").parent) == 0


def test_two_that_ask_for_a_new_secret_at_once_get_the_same(tmp_path: Path) -> None:
    for number in range(20):
        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(lambda _, name=str(number): DataFolder(tmp_path).secret(name), range(8)))

        assert len(answers) == 1


def test_a_record_is_private_and_read_back(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    data.write_record("postgres", {"port": 1})
    data.write_record("postgres", {"port": 2})

    assert data.read_record("postgres") == {"port": 2}
    assert _others_may(data.run / "postgres.json") == 0
    assert _others_may(data.run) == 0


def test_a_damaged_record_counts_as_none(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    (data.run / "postgres.json").write_text('{"port": 1')

    assert data.read_record("postgres") is None
    assert data.read_record("never written") is None


def test_a_folder_that_was_there_before_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o750)

    DataFolder(home)

    assert stat.S_IMODE(home.stat().st_mode) == 0o750
