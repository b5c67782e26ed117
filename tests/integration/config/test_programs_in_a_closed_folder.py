from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from config.services import postgres_install
from config.services.postgres_install import PostgresInstall, find_install
from config.services.process_user import ProcessUser


def test_they_are_copied_with_their_libraries_to_a_folder_that_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root with a virtual environment below a 0700 home; the stranger is nobody this test could become."""
    outside = tmp_path / "outside"
    monkeypatch.setattr(postgres_install, "OUTSIDE", outside)
    monkeypatch.setattr(ProcessUser, "can_enter", lambda _user, folder: folder.is_relative_to(outside))
    stranger = ProcessUser(name="stranger", uid=os.getuid() + 1, gid=os.getgid() + 1)

    install = find_install().reachable_by(stranger)

    assert install.bin.is_relative_to(outside)
    for program in ("postgres", "initdb"):
        answer = subprocess.run([install.bin / program, "--version"], capture_output=True, text=True, check=True)
        assert f" {install.major}." in answer.stdout
        loaded = subprocess.run(["ldd", install.bin / program], capture_output=True, text=True, check=True)
        assert "not found" not in loaded.stdout
    assert install == PostgresInstall(bin=find_install().reachable_by(stranger).bin, major=install.major)
