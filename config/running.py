"""What runs on this machine, for commands in another terminal."""

from __future__ import annotations

from config.services.data_folder import DataFolder


def url() -> str | None:
    """The address of the system that `manage.py run` started with this data folder; None where none runs."""
    record = DataFolder.of_environment().read_record("system") or {}
    found: str | None = record.get("url")
    return found
