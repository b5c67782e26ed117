"""Drafts in the admin: uploaded, edited, tried, published; never seen by a learner before."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.integration.admin_visitors import staff, words
from tests.unit.tutor.documented_course import documented_course, documented_yaml
from tutor import catalogue, drafts
from tutor.models import CourseDraft
from tutor.publication import publish

pytestmark = pytest.mark.usefixtures("transactional_db")

DRAFTS = "/admin/tutor/coursedraft/"
AUTHOR = (
    *("tutor.view_course", "tutor.view_courseversion", "tutor.view_coursedraft"),
    *("tutor.add_coursedraft", "tutor.change_coursedraft", "tutor.delete_coursedraft", "tutor.add_courseversion"),
)
PICTURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def author() -> Client:
    catalogue.course.cache_clear()
    return staff("author", *AUTHOR)


def upload(client: Client, name: str, data: bytes) -> Any:
    return client.post(f"{DRAFTS}upload/", {"file": SimpleUploadedFile(name, data)}, follow=True)


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return made.getvalue()


def draft() -> CourseDraft:
    return CourseDraft.objects.get()


def save(client: Client, text: str) -> Any:
    one = draft()
    return client.post(f"{DRAFTS}{one.pk}/change/", {"revision": one.revision, "text": text}, follow=True)


def publish_draft(client: Client) -> Any:
    one = draft()
    return client.post(f"{DRAFTS}{one.pk}/publish/", {"revision": one.revision}, follow=True)


def test_a_folder_becomes_a_course(author: Client) -> None:
    shown = words(upload(author, "adding.zip", zipped({"adding/course.yaml": documented_yaml().encode()})))
    assert "Nothing: every rule is kept" in shown
    assert "It becomes version 1 of adding" in shown
    assert catalogue.courses() == []

    assert "Version 1 of adding is published" in words(publish_draft(author))
    assert catalogue.course("adding", 1) == documented_course().course
    assert not CourseDraft.objects.exists()


def test_findings_stand_at_their_lines_and_hold_publishing_up(author: Client) -> None:
    upload(author, "course.yaml", documented_yaml().encode())
    shown = words(save(author, documented_yaml().replace("expect: form_issue", "expect: wrong")))
    line = next(at for at, one in enumerate(documented_yaml().splitlines(), start=1) if "form_issue" in one)
    assert f"line {line}" in shown
    assert "is judged form_issue, expected wrong" in shown
    assert "A course with findings is not published" in words(publish_draft(author))
    assert catalogue.courses() == []
    assert CourseDraft.objects.exists()


def test_what_is_no_course_can_still_be_mended(author: Client) -> None:
    shown = words(upload(author, "course.yaml", b"course: [\n"))
    assert "is not YAML" in shown
    assert "Nothing: every rule is kept" in words(save(author, documented_yaml()))


def test_two_authors_do_not_overwrite_each_other(author: Client) -> None:
    upload(author, "course.yaml", documented_yaml().encode())
    one = draft()
    save(author, documented_yaml() + "\n# first\n")
    late = author.post(f"{DRAFTS}{one.pk}/change/", {"revision": one.revision, "text": "course: second"})
    assert "Somebody else saved" in words(late)
    assert "course: second" in late.content.decode()
    assert draft().text.endswith("# first\n")
    with pytest.raises(drafts.DraftChanged):
        drafts.publish(one, one.revision)


def test_a_version_is_changed_by_a_draft(author: Client) -> None:
    publish(documented_course().course)
    version = catalogue.latest("adding")
    assert "Nothing: version 1 of adding is the same" in words(
        author.post(f"/admin/tutor/courseversion/{version.pk}/draft/", follow=True)
    )
    shown = words(save(author, draft().text.replace("Undo it with", "Now undo it with")))
    assert "~ question solve: hints" in shown
    publish_draft(author)
    assert catalogue.latest("adding").version == 2


def test_a_question_is_tried_before_learners_see_it(author: Client) -> None:
    publish(documented_course().course)
    page = f"/admin/tutor/courseversion/{catalogue.latest('adding').pk}/questions/solve/"
    first, other = (author.get(f"{page}?seed={seed}") for seed in (1, 2))
    assert first.context["prompt"] != other.context["prompt"]
    right = author.get(page, {"seed": "1", "answer": f"x = {first.context['answer']}"})
    assert "correct counts as an attempt" in words(right)
    wrong = author.get(page, {"seed": "1", "answer": str(first.context["errors"][0][1])})
    assert "known error Adds instead of taking away" in words(wrong)
    assert "not an answer hint costs no attempt" in words(author.get(page, {"seed": "1", "answer": "hint?"}))
    assert author.get(page.replace("solve", "nothing")).status_code == 404


def test_pictures_come_with_a_folder(author: Client) -> None:
    text = documented_yaml().replace("body: Taking", "body: See ![it](media/it.png). Taking")
    upload(author, "x.zip", zipped({"course.yaml": text.encode(), "media/it.png": PICTURE, "README.md": b"hello"}))
    one = draft()
    assert list(one.files) == ["media/it.png"]
    assert author.get(f"{DRAFTS}{one.pk}/files/media/it.png").content == PICTURE
    publish_draft(author)
    assert catalogue.file("adding", 1, "media/it.png").media_type == "image/png"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.zip", b"no zip file", "not a zip file"),
        ("a.zip", zipped({"README.md": b""}), "There is no course.yaml"),
        ("a.zip", zipped({"../course.yaml": b"x"}), "leads out of"),
        ("a.zip", zipped({f"{n}.png": b"" for n in range(1_001)} | {"course.yaml": b""}), "at most 1000 files"),
        ("a.zip", zipped({"course.yaml": b" " * 51_000_000}), "at most 50,000,000 bytes"),
        ("course.yaml", b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(author: Client, name: str, data: bytes, why: str) -> None:
    assert why in words(upload(author, name, data))
    assert not CourseDraft.objects.exists()


def test_who_may_only_look_changes_nothing() -> None:
    publish(documented_course().course)
    reader = staff("reader", "tutor.view_course", "tutor.view_courseversion", "tutor.view_coursedraft")
    version = catalogue.latest("adding")
    assert reader.post(f"/admin/tutor/courseversion/{version.pk}/draft/").status_code == 403
    assert upload(reader, "course.yaml", documented_yaml().encode()).status_code == 403
    one = drafts.of_version(version, None)
    assert reader.get(f"{DRAFTS}{one.pk}/change/").status_code == 200
    assert reader.post(f"{DRAFTS}{one.pk}/change/", {"revision": 1, "text": "x"}).status_code == 403
    assert reader.post(f"{DRAFTS}{one.pk}/publish/", {"revision": 1}).status_code == 403
    assert staff("stranger").get(f"{DRAFTS}{one.pk}/change/").status_code == 403


def test_the_overview_lists_topics_and_questions(author: Client) -> None:
    publish(documented_course().course)
    shown = words(author.get(f"/admin/tutor/courseversion/{catalogue.latest('adding').pk}/change/"))
    assert "Undo adding" in shown
    assert "solve varies" in shown
    assert "Licence: CC-BY-4.0" in shown
    for page in ("/admin/tutor/course/", "/admin/tutor/courseversion/", DRAFTS):
        assert author.get(page).status_code == 200


def test_a_draft_can_be_dropped(author: Client) -> None:
    upload(author, "course.yaml", documented_yaml().encode())
    author.post(f"{DRAFTS}{draft().pk}/delete/", {"post": "yes"})
    assert not CourseDraft.objects.exists()
