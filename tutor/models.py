"""Courses, their versions and drafts. A version never changes: a running session keeps the one it began with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Course(models.Model):
    """A course by its slug. What it contains is in its versions."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    #: Markdown, one or two sentences.
    summary = models.TextField(blank=True, default="")
    lang = models.CharField(max_length=16, default="en")
    #: As the newest version says: a course may be shown to nobody without them.
    licence = models.CharField(max_length=200, blank=True, default="")
    source = models.TextField(blank=True, default="")
    #: What learners wrote is erased so many days after their session ended. None: the deployment's own
    #: (``TUTOR_RETENTION_DAYS``); 0: never.
    retention_days = models.PositiveIntegerField(
        "retention in days", null=True, blank=True, help_text="Empty: as the deployment says. 0: for ever."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class CourseFile(models.Model):
    """A picture, by what it contains: versions that show the same one share the row."""

    #: SHA-256 of the data, in hexadecimal.
    digest = models.CharField(max_length=64, primary_key=True)
    media_type = models.CharField(max_length=40)
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.digest


class CourseVersion(models.Model):
    """One immutable version of a course."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="versions")
    #: Counts from 1 per course.
    version = models.PositiveIntegerField()
    #: ``tutor.course.Course`` as JSON, without defaults.
    content = models.TextField()
    #: The pictures it shows: path in the course's folder -> digest of a ``CourseFile``.
    files = models.JSONField(default=dict)
    #: SHA-256 of content and files, in hexadecimal.
    digest = models.CharField(max_length=64)
    topics = models.PositiveIntegerField()
    questions = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("course", "-version")
        constraints = (models.UniqueConstraint(fields=("course", "version"), name="course_version_unique"),)

    def __str__(self) -> str:
        return f"{self.course.slug} v{self.version}"


class CourseDraft(models.Model):
    """A course an author works on: it may be unfinished and wrong, and no learner sees it before it is published."""

    #: As the text's own ``course.id`` said when it was last readable; a draft need not have a course yet.
    slug = models.CharField(max_length=80, blank=True, default="")
    #: The whole course as one YAML text (docs/courses.md).
    text = models.TextField()
    #: As in ``CourseVersion``.
    files = models.JSONField(default=dict, blank=True)
    #: The version it began from; None: none.
    based_on = models.PositiveIntegerField(null=True, blank=True)
    #: Why there is a draft, in one sentence.
    note = models.TextField(blank=True, default="")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Counts the changes: who saves names the number they saw, so that two authors do not overwrite each other.
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "draft"
        ordering = ("-changed_at",)

    def __str__(self) -> str:
        return f"Draft {self.pk} of {self.slug or 'a new course'}"


class QuestionRating(models.Model):
    """How hard a question is by the answers to it (``tutor.question_ratings``), over all versions of its course."""

    #: The course's slug; a rating outlives versions.
    course = models.TextField()
    question = models.TextField()
    #: In logits (``tutor.elo``).
    difficulty = models.FloatField()
    #: Learners' first answers behind it.
    answers = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("course", "question"), name="question_rating_unique"),)

    def __str__(self) -> str:
        return f"{self.course}/{self.question}: {self.difficulty:.2f} ({self.answers})"


class AnswerRating(models.Model):
    """A first answer that no rating has counted yet; written by sessions, taken by ``question_ratings.sweep``."""

    course = models.TextField()
    question = models.TextField()
    #: In logits: where the question's rating begins, and the learner's before the answer.
    start = models.FloatField()
    ability = models.FloatField()
    #: The chance of one who knows nothing, 0 to 1.
    guess = models.FloatField()
    right = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.course}/{self.question}: {'right' if self.right else 'not right'}"
