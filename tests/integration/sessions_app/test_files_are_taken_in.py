"""A file is taken in: its row, its bytes, its event and the request to read it, or nothing of all that."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from sessions_app import conf, log, sessions
from sessions_app.files import sweeping, uploading
from sessions_app.files.storage import uploads
from sessions_app.models import FileChunk, Session, UploadedFile
from tests.integration.sessions_app.uploads import Uploader, conclude, uploader
from tools_app.models import ToolCall

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]


@pytest.fixture
def upload(echo_session: uuid.UUID) -> Uploader:
    return uploader(echo_session)


def kept(file: str) -> bytes:
    with uploads().open(str(UploadedFile.objects.get(pk=file).key)) as stored:
        return bytes(stored.read())


def test_one_commit_has_the_row_the_event_and_the_request(
    echo_session: uuid.UUID, upload: Uploader, kinds: Kinds, folds: Folds
) -> None:
    status, d = upload(b"# Fractions\n\nA half is one of two.", "notes.md", id="u1")

    assert status == 201
    assert d == {
        "file": d["file"], "name": "notes.md", "size": 34, "status": "pending", "duplicate": False, "seq": d["seq"],
    }  # fmt: skip
    uploaded = next(one for one in log.read(echo_session, after=d["seq"] - 1))
    assert (uploaded.kind, uploaded.cause) == ("file.uploaded", "u1")
    assert uploaded.payload == (f'{{"file":"{d["file"]}","media_type":"text/markdown","name":"notes.md","size":34}}')
    assert kinds(echo_session)[-3:] == ["file.uploaded", "tool.requested", "step"]
    assert ToolCall.objects.get().args == {"file": d["file"]}
    assert kept(d["file"]) == b"# Fractions\n\nA half is one of two."
    folds(echo_session)


def test_many_pieces_are_one_file_again(upload: Uploader) -> None:
    content = bytes(range(256)) * (conf.FILE_CHUNK_BYTES // 256 * 2 + 1)

    _, d = upload(content, "big.bin")

    assert FileChunk.objects.count() == 3
    assert kept(d["file"]) == content


def test_the_same_command_twice_is_one_file(echo_session: uuid.UUID, upload: Uploader, kinds: Kinds) -> None:
    _, one = upload(b"once", id="u1")
    status, two = upload(b"once", id="u1")

    assert (status, two) == (201, {**one, "duplicate": True})
    assert UploadedFile.objects.count() == FileChunk.objects.count() == ToolCall.objects.count() == 1
    assert kinds(echo_session).count("file.uploaded") == 1


def test_the_same_command_twice_at_the_same_moment_is_one_file(
    echo_session: uuid.UUID, upload: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = uploading._keep

    def late(*arguments: Any) -> UploadedFile:
        monkeypatch.setattr(uploading, "_keep", keep)
        upload(b"once", id="u1")
        return keep(*arguments)

    monkeypatch.setattr(uploading, "_keep", late)
    status, d = upload(b"once", id="u1")

    assert (status, d["duplicate"]) == (201, True)
    assert UploadedFile.objects.count() == FileChunk.objects.count() == 1
    assert str(UploadedFile.objects.get().pk) == d["file"]


def test_the_same_id_with_another_file_is_refused(upload: Uploader) -> None:
    upload(b"one", id="u1")

    status, frame = upload(b"two", id="u1")

    assert (status, frame["t"], frame["cause"], frame["d"]["code"]) == (409, "err", "u1", "id_reused")


def test_a_name_is_one_line_without_folders(upload: Uploader) -> None:
    _, d = upload(b"x", "../../etc/\u202epasswd\u0007.txt")

    assert d["name"] == "passwd.txt"


def test_what_is_too_large_leaves_nothing(
    echo_session: uuid.UUID, upload: Uploader, settings: Any, kinds: Kinds
) -> None:
    settings.TUTOR_FILE_BYTES = 1_000

    status, frame = upload(b"x" * 1_001)

    assert (status, frame["d"]["code"], frame["d"]["detail"]) == (413, "too_large", {"limit": 1_000})
    assert not UploadedFile.objects.exists()
    assert "file.uploaded" not in kinds(echo_session)


@pytest.mark.parametrize(
    ("limit", "code"),
    [("SESSION_FILES", "over_budget"), ("SESSION_FILE_BYTES", "over_budget"), ("FILES_PER_HOUR", "rate_limited")],
)
def test_room_is_bounded(upload: Uploader, monkeypatch: pytest.MonkeyPatch, limit: str, code: str) -> None:
    upload(b"x")
    monkeypatch.setattr(conf, limit, 1)

    status, frame = upload(b"y")

    assert (status, frame["d"]["code"]) == (429, code)
    assert UploadedFile.objects.count() == FileChunk.objects.count() == 1


def test_room_is_looked_at_again_under_the_lock(upload: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = uploading._keep
    monkeypatch.setattr(conf, "SESSION_FILES", 1)

    def late(*arguments: Any) -> UploadedFile:
        monkeypatch.setattr(uploading, "_keep", keep)
        upload(b"first")
        return keep(*arguments)

    monkeypatch.setattr(uploading, "_keep", late)
    status, _ = upload(b"second")

    assert status == 429
    assert FileChunk.objects.count() == 1


def test_only_the_sessions_own_learner_uploads(echo_session: uuid.UUID) -> None:
    users = get_user_model()._default_manager
    for stranger in (users.create_user("bob"), users.create_superuser("root")):
        assert uploader(echo_session, stranger)(b"x")[0] == 404
    assert Client().post(f"/api/sessions/{echo_session}/files", {}).status_code == 401
    assert not UploadedFile.objects.exists()


@pytest.mark.parametrize("form", [{}, {"other": "x"}, {"file": "no file"}])
def test_a_form_without_a_file_is_refused(echo_session: uuid.UUID, upload: Uploader, form: dict[str, str]) -> None:
    client = Client()
    client.force_login(Session.objects.get(pk=echo_session).learner)

    answer = client.post(f"/api/sessions/{echo_session}/files", form)

    assert (answer.status_code, answer.json()["d"]["code"]) == (400, "bad_request")


def test_a_cookie_needs_the_token_in_a_header(echo_session: uuid.UUID) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Session.objects.get(pk=echo_session).learner)
    client.cookies["csrftoken"] = token = "a" * 32

    without = client.post(f"/api/sessions/{echo_session}/files", {"csrfmiddlewaretoken": token})
    with_it = client.post(f"/api/sessions/{echo_session}/files", {}, headers={"X-CSRFToken": token})

    assert (without.status_code, with_it.status_code) == (403, 400)


def test_a_closed_session_takes_none(scripted_session: uuid.UUID) -> None:
    upload = uploader(scripted_session)
    sessions.shutdown(scripted_session)

    status, frame = upload(b"x")

    assert (status, frame["d"]["code"]) == (409, "invalid_transition")
    assert not FileChunk.objects.exists()


def test_what_a_dead_process_left_behind_is_swept(
    echo_session: uuid.UUID, upload: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(b"kept")
    left = UploadedFile.objects.create(session_id=echo_session, name="x", size=1, sha256="", key="left")
    FileChunk.objects.create(key="left", offset=0, content=b"x")
    sweeping.sweep()
    assert UploadedFile.objects.filter(pk=left.pk).exists()

    monkeypatch.setattr(conf, "FILE_ABANDONED_S", 0)
    sweeping.sweep()

    assert not UploadedFile.objects.filter(pk=left.pk).exists()
    assert FileChunk.objects.count() == UploadedFile.objects.count() == 1


def test_its_end_is_an_event_and_a_status(
    echo_session: uuid.UUID, upload: Uploader, kinds: Kinds, folds: Folds
) -> None:
    _, d = upload(b"x")
    conclude({"sections": 2, "chars": 10, "pages": 1})
    upload(b"y")
    conclude({"reason": "empty", "message": "There is nothing in it."})

    assert [one for one in kinds(echo_session) if one.startswith("file.")] == [
        "file.uploaded", "file.ready", "file.uploaded", "file.failed",
    ]  # fmt: skip
    ready = UploadedFile.objects.get(pk=d["file"])
    assert (ready.status, ready.sections, ready.pages) == ("ready", 2, 1)
    assert set(UploadedFile.objects.values_list("status", "reason")) == {("ready", ""), ("failed", "empty")}
    folds(echo_session)


def test_a_lesson_that_ends_first_says_so(scripted_session: uuid.UUID, kinds: Kinds, folds: Folds) -> None:
    uploader(scripted_session)(b"x")

    sessions.shutdown(scripted_session)

    assert kinds(scripted_session).count("file.failed") == 1
    assert UploadedFile.objects.get().reason == "cancelled"
    folds(scripted_session)


def test_files_are_listed(echo_session: uuid.UUID, upload: Uploader) -> None:
    _, d = upload(b"x")
    client = Client()
    client.force_login(Session.objects.get(pk=echo_session).learner)

    (listed,) = client.get(f"/api/sessions/{echo_session}/files").json()["files"]

    assert (listed["file"], listed["name"], listed["status"]) == (d["file"], "notes.txt", "pending")
