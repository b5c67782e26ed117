"""The admin of courses: what is stored, drafts of what shall be, every question as a learner sees it."""

from tutor.admin.course import CourseAdmin, CourseVersionAdmin
from tutor.admin.draft import CourseDraftAdmin

__all__ = ["CourseAdmin", "CourseDraftAdmin", "CourseVersionAdmin"]
