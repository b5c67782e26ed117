"""A data folder for one test or one test run."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.services.data_folder import DataFolder


@contextlib.contextmanager
def temporary_data_folder(within: Path | None = None) -> Iterator[DataFolder]:
    """By default not below pytest's own folder: that one is closed to the user whom root runs Postgres as."""
    folder = Path(tempfile.mkdtemp(prefix="tutor-test-", dir=within))
    try:
        folder.chmod(0o711)
        yield DataFolder(folder)
    finally:
        location = folder / "postgres.location"
        if location.exists():
            shutil.rmtree(location.read_text().strip())
        shutil.rmtree(folder)
