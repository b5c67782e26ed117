"""Courses and their versions. A version never changes: a running session keeps the one it began with."""

from __future__ import annotations

from django.db import models


class Course(models.Model):
    """A course by its slug. What it contains is in its versions."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    #: Markdown, one or two sentences.
    summary = models.TextField(blank=True, default="")
    lang = models.CharField(max_length=16, default="en")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class CourseVersion(models.Model):
    """One immutable version of a course."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="versions")
    #: Counts from 1 per course.
    version = models.PositiveIntegerField()
    #: ``tutor.course.Course`` as JSON.
    content = models.TextField()
    #: SHA-256 of the content, in hexadecimal.
    digest = models.CharField(max_length=64)
    topics = models.PositiveIntegerField()
    questions = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("course", "-version")
        constraints = (models.UniqueConstraint(fields=("course", "version"), name="course_version_unique"),)

    def __str__(self) -> str:
        return f"{self.course.slug} v{self.version}"
