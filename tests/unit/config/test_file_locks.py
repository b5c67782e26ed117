from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from config.services.data_folder import CHECKOUT
from config.services.locks import FileLock, is_taken

_TAKE_AND_WAIT = """
import sys
from pathlib import Path
from config.services.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
lock.take()
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_shared_by_many_or_taken_by_one(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert one.try_share()
    assert other.try_share()
    assert not other.try_take()
    assert not is_taken(tmp_path / "lock")

    one.close()
    assert other.try_take()
    assert is_taken(tmp_path / "lock")
    other.close()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", _TAKE_AND_WAIT, lock], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        assert is_taken(lock)

        holder.kill()
        holder.wait()

    assert not is_taken(lock)


def test_a_lock_knows_that_its_file_was_removed(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert not lock.file_is_gone()

    (tmp_path / "lock").unlink()
    assert lock.file_is_gone()
    (tmp_path / "lock").touch()
    assert lock.file_is_gone()
    lock.close()
