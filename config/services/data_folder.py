"""The folder with everything one system keeps: databases, logs, passwords, locks.

``TUTOR_DATA`` names it; the default is ``.data`` in the checkout. Passwords and the folders they lie in are readable by
their owner only.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class DataFolder:
    """Paths below one data folder; making it is part of asking for it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        # Only a folder of our own making gets its mode from us: the name may be that of somebody's home.
        if not self.path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            # Root's database user has to pass through, and may not list; what is private lies in folders of its own.
            self.path.chmod(0o711 if os.getuid() == 0 else 0o700)
        self.run = self._private("run")
        self.logs = self._private("logs")

    @classmethod
    def of_environment(cls) -> DataFolder:
        return cls(Path(os.environ.get("TUTOR_DATA") or CHECKOUT / ".data"))

    def _private(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def secret(self, name: str) -> str:
        """The password kept under this name, made at the first request."""
        secrets_folder = self._private("secrets")
        path = secrets_folder / name
        if not path.exists():
            # Two may come here at once: the first to link its file wins, both read the same.
            own = secrets_folder / f"{name}.{secrets.token_hex(4)}"
            _write_private(own, secrets.token_urlsafe(24) + "\n")
            try:
                os.link(own, path)
            except FileExistsError:
                pass
            finally:
                own.unlink()
        return path.read_text().strip()

    def secret_path(self, name: str) -> Path:
        return self.path / "secrets" / name

    def write_record(self, name: str, record: dict[str, Any]) -> None:
        """Replace a JSON record in the run folder, whole or not at all."""
        path = self.run / f"{name}.json"
        new = path.with_suffix(f".{os.getpid()}")
        _write_private(new, json.dumps(record))
        new.replace(path)

    def read_record(self, name: str) -> dict[str, Any] | None:
        try:
            record = json.loads((self.run / f"{name}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return record if isinstance(record, dict) else None

    def remove_record(self, name: str) -> None:
        (self.run / f"{name}.json").unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
