"""The embedded Postgres: one cluster in the data folder, on a free loopback port, with a password.

TCP only: a Unix socket's path may have at most 107 bytes, which a deep checkout exceeds. Changes reach the disk before
a commit is answered (fsync on), because Postgres is the only truth; tests may say otherwise for clusters they throw
away.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import psycopg

from config.services.data_folder import DataFolder
from config.services.exceptions import ServiceError, StartError
from config.services.parent_death import dies_with_parent
from config.services.ports import free_port
from config.services.postgres_install import PostgresInstall, find_install
from config.services.process_user import OUTSIDE, ProcessUser, unprivileged_user
from config.services.server_log import last_lines

#: Recovery after a crash may have to replay a lot of write-ahead log.
START_LIMIT_S = 120.0
#: After this long a fast shutdown becomes an immediate one, which is as safe and recovers at the next start.
STOP_LIMIT_S = 20.0
#: Backends of a killed server may hold its shared memory for a moment.
START_ATTEMPTS = 5
MAX_CONNECTIONS = 200
ROLE = "tutor"
DATABASE = "tutor"


class PostgresServer:
    """Starts and stops the server; ``url`` is valid after ``start``."""

    name = "postgres"

    def __init__(self, data: DataFolder, *, durable: bool = True) -> None:
        self._data = data
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._cluster = self._home() / "postgres"
        self._user = unprivileged_user(owner_of=self._cluster)

    @property
    def url(self) -> str:
        password = quote(self._data.secret(self.name), safe="")
        return f"postgres://{ROLE}:{password}@127.0.0.1:{self._port}/{DATABASE}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def note(self) -> str:
        """What an operator should know about where the data is; empty when it is where one would look."""
        if self._cluster.is_relative_to(self._data.path):
            return ""
        user = self._user.name if self._user else "its user"
        return f"The database is kept in {self._cluster}, because {self._data.path} is closed to the user {user!r}."

    def start(self, port: int | None = None) -> None:
        """Come up on this port if it is free; returns when a connection was made. Raises ``ServiceError``."""
        install = find_install(self._made_by()).reachable_by(self._user)
        if self._made_by() is None:
            self._initialise(install)
        self._end_left_over()
        for attempt in range(START_ATTEMPTS):
            self._port = free_port(port)
            if self._launch(install):
                return
            time.sleep(0.2 * 2**attempt)
        raise StartError(f"Postgres does not start. The end of {self._log}:\n{last_lines(self._log)}")

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is None:
            return
        # Fast shutdown: transactions are rolled back, clients disconnected, the log is flushed.
        for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_LIMIT_S)
                break
        self._process = None

    @property
    def _log(self) -> Path:
        return self._data.logs / "postgres.log"

    def _home(self) -> Path:
        """The folder around the cluster: the data folder, or a place outside that the data folder remembers.

        The name outside is random: a new checkout in the place of an old one must not meet the old one's database.
        """
        pointer = self._data.path / "postgres.location"
        if pointer.exists():
            return Path(pointer.read_text().strip())
        user = unprivileged_user()
        if (self._data.path / "postgres").exists() or user is None or user.can_enter(self._data.path):
            return self._data.path
        outside = OUTSIDE / f"data-{secrets.token_hex(4)}"
        outside.mkdir(mode=0o711, parents=True)
        pointer.write_text(f"{outside}\n")
        return outside

    def _made_by(self) -> int | None:
        """The major version that made the cluster; None when there is none yet."""
        try:
            return int((self._cluster / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except PermissionError:
            raise ServiceError(
                f"{self._cluster} belongs to another user. Run as that user, or choose another folder with TUTOR_DATA."
            ) from None

    def _initialise(self, install: PostgresInstall) -> None:
        # Made beside its place and moved there when complete: a killed initdb leaves nothing that looks like a cluster.
        unfinished = self._cluster.with_name("postgres.new")
        password = self._cluster.with_name("postgres.password")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(self._data.secret(self.name))
        if self._user:
            os.chown(unfinished, self._user.uid, self._user.gid)
            os.chown(password, self._user.uid, self._user.gid)
        command: list[str | Path] = [
            install.bin / "initdb",
            f"--pgdata={unfinished}",
            f"--username={ROLE}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            *([] if self._durable else ["--no-sync"]),
        ]
        try:
            done = subprocess.run(  # noqa: S603 - our own arguments
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=_environment(),
                **_as_user(self._user),
            )
        except OSError as error:
            raise StartError(f"{command[0]} cannot be run as {self._user}: {error}") from error
        finally:
            password.unlink(missing_ok=True)
        if done.returncode != 0:
            raise StartError(f"The database could not be created in {unfinished}:\n{done.stderr.strip()}")
        unfinished.rename(self._cluster)

    def _end_left_over(self) -> None:
        """Deal with the ``postmaster.pid`` of an earlier server.

        A server of this cluster still runs only if its keeper was killed where nothing tells children of it: it is
        stopped. Any other process with that number is a stranger (numbers start again after a reboot, and at once in
        containers); Postgres would take it for a server and refuse to start.
        """
        lock = self._cluster / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        deadline = time.monotonic() + STOP_LIMIT_S
        asked = False
        while _works_in(pid, self._cluster):
            if time.monotonic() > deadline:
                raise StartError(f"Another Postgres, process {pid}, uses {self._cluster} and does not stop.")
            if not asked:
                os.kill(pid, signal.SIGINT)
                asked = True
            time.sleep(0.05)
        lock.unlink(missing_ok=True)

    def _launch(self, install: PostgresInstall) -> bool:
        """Start the program once; False when it ended instead of becoming ready."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": "",
            "max_connections": MAX_CONNECTIONS,
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                [install.bin / "postgres", "-D", self._cluster, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT),  # noqa: PLW1509 - the keeper has one thread
                **_as_user(self._user),
            )
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            try:
                self._create_database()
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    self.stop()
                    raise StartError(
                        f"The password in {self._data.secret_path(self.name)} is not the one of {self._cluster}. "
                        "Restore that file, or remove the whole data folder to begin anew."
                    ) from None
                time.sleep(0.02)
            else:
                return True
        self.stop()
        raise StartError(f"Postgres was not ready within {START_LIMIT_S:.0f} s; see {self._log}")

    def _create_database(self) -> None:
        with psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=ROLE,
            password=self._data.secret(self.name),
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        ) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGPORT and the like would change what the programs do."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}


class _Credentials(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _as_user(user: ProcessUser | None) -> _Credentials:
    return {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": []}


def _works_in(pid: int, folder: Path) -> bool:
    """Whether the process is alive with this working directory, as a Postgres server's is its cluster."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == folder.resolve()
    except OSError:
        return False
