"""A course as the teachers' statistics show it: the course itself, under a name and a permission of its own."""

from __future__ import annotations

from tutor.models import Course


class CourseStatistics(Course):
    """Learners' answers are nobody's business who only writes courses: hence a permission beside ``view_course``."""

    class Meta:
        proxy = True
        verbose_name = "statistics of a course"
        verbose_name_plural = "statistics of courses"
