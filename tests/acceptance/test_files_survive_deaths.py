"""Every process dies between the upload of a file and its end: the file is read, once, and the log tells so."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import httpx
import pytest

from tests import sample_files
from tests.acceptance.fleet import Fleet, fleet
from tests.acceptance.live_system import wait_until
from tests.acceptance.protocol_client import new_guest
from tests.acceptance.uploading import READ_S, upload

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

#: Takes its reader a few seconds.
OPERATORS = 150_000


@pytest.fixture(scope="module")
def running_fleet() -> Iterator[Fleet]:
    with fleet() as started:
        assert started.manage("course", "load", "--demo").returncode == 0
        yield started


def of_file(fleet_: Fleet, file: str) -> tuple[str, str]:
    found = fleet_.rows("SELECT status, reason FROM sessions_app_uploadedfile WHERE id = %s", file)
    return found[0][0], found[0][1]


def kinds(fleet_: Fleet, session: str) -> list[str]:
    found = fleet_.rows("SELECT kind FROM sessions_app_interaction WHERE session_id = %s ORDER BY seq", session)
    return [str(kind) for (kind,) in found]


def test_a_file_outlives_every_process(running_fleet: Fleet) -> None:
    web = running_fleet.web()
    token = new_guest(running_fleet.url)
    headers = {"Authorization": f"Bearer {token}"}
    started = httpx.post(
        f"{running_fleet.url}/api/sessions", json={"course": "linear-equations"}, headers=headers, timeout=30
    )
    session = started.json()["session"]
    # Nobody is there to read it, and then nobody is there at all.
    status, d = upload(running_fleet.url, token, session, sample_files.slow_pdf(OPERATORS), "slow.pdf", id="u1")
    assert (status, of_file(running_fleet, d["file"])) == (201, ("pending", ""))
    web.send(signal.SIGKILL)
    web.process.wait()

    running_fleet.timers()
    first = running_fleet.worker()
    wait_until(lambda: of_file(running_fleet, d["file"])[0] == "processing", READ_S, first.tail)
    first.send(signal.SIGKILL)
    first.process.wait()
    assert of_file(running_fleet, d["file"])[0] == "processing"
    second = running_fleet.worker()
    wait_until(lambda: of_file(running_fleet, d["file"])[0] == "ready", READ_S, second.tail)

    assert [kind for kind in kinds(running_fleet, session) if kind.startswith("file.")] == [
        "file.uploaded",
        "file.ready",
    ]
    sections = "SELECT count(*) FROM sessions_app_filesection WHERE file_id = %s"
    assert running_fleet.rows(sections, d["file"]) == running_fleet.rows(
        "SELECT sections FROM sessions_app_uploadedfile WHERE id = %s", d["file"]
    )

    # The client that never got its answer asks again, and finds the file that it uploaded.
    running_fleet.web()
    status, again = upload(running_fleet.url, token, session, sample_files.slow_pdf(OPERATORS), "slow.pdf", id="u1")
    assert (status, again) == (201, {**d, "status": "ready", "duplicate": True})
    verified = running_fleet.manage("verify_sessions")
    assert verified.returncode == 0, verified.stdout + verified.stderr
