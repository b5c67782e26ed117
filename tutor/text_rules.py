"""What every text of a course has to fulfil: formulas closed, pictures described, words one can read."""

from __future__ import annotations

from collections.abc import Iterator

from tutor.course_files import IMAGE, is_elsewhere, problem
from tutor.course_format import CourseSource, Finding, Place
from tutor.reading_level import grade_level, highest_grade

#: Words below which a text is too short to be graded for reading.
MIN_GRADED_WORDS = 40
#: Grades above the band that are still let pass: the measure itself is no finer.
READING_SLACK = 1.0


def prose(source: CourseSource, text: str, place: Place) -> Iterator[Finding]:
    """An explanation: all that holds for a text, and its reading level."""
    yield from pictures(source, text, place)
    yield from unclosed_formula(source, text, place)
    limit = highest_grade(source.course.course.grade_band)
    if limit is not None and source.course.course.lang == "en" and len(text.split()) >= MIN_GRADED_WORDS:
        level = grade_level(text)
        if level > limit + READING_SLACK:
            yield source.finding(
                place,
                f"reads like grade {level:.0f}, above the band {source.course.course.grade_band}: "
                "use shorter sentences and words",
            )


def unclosed_formula(source: CourseSource, text: str, place: Place) -> Iterator[Finding]:
    if text.replace("\\$", "").count("$") % 2:
        yield source.finding(place, "a formula is opened with $ and not closed")


def pictures(source: CourseSource, text: str, place: Place) -> Iterator[Finding]:
    for image in IMAGE.finditer(text):
        if not image["alt"].strip():
            yield source.finding(place, "an image needs an alt text: ![what it shows](path)")
        yield from picture(source, image["path"], place)


def picture(source: CourseSource, path: str, place: Place) -> Iterator[Finding]:
    """The file of a picture: in the course's folder, of a kind a browser shows."""
    wrong = "learners see no pictures of other places; put it into the course's folder" if is_elsewhere(path) else None
    wrong = wrong or problem(path, size=source.size(path) if source.has_file(path) else 0)
    if wrong is not None:
        yield source.finding(place, wrong)
    elif not source.has_file(path):
        yield source.finding(place, f"the file {path!r} is not in the course")
