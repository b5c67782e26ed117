"""The admin of sessions, for teachers and operators: look at all, change nothing by hand, two actions."""

from sessions_app.admin.erasure import ErasureAdmin
from sessions_app.admin.file import UploadedFileAdmin
from sessions_app.admin.quarantine import QuarantineAdmin
from sessions_app.admin.session import SessionAdmin
from sessions_app.admin.statistics import CourseStatisticsAdmin

__all__ = ["CourseStatisticsAdmin", "ErasureAdmin", "QuarantineAdmin", "SessionAdmin", "UploadedFileAdmin"]
