"""The kernel's rows: a session is a process, its log is the truth about it."""

from sessions_app.models.access import AccessToken
from sessions_app.models.call import Call
from sessions_app.models.command import Command
from sessions_app.models.course_statistics import CourseStatistics
from sessions_app.models.erasure import Erasure
from sessions_app.models.file import FileChunk, FileSection, UploadedFile
from sessions_app.models.interaction import Interaction
from sessions_app.models.quarantine import Quarantine
from sessions_app.models.session import Session
from sessions_app.models.timer import Timer
from sessions_app.models.tutoring_session import TutoringSession

__all__ = [
    "AccessToken",
    "Call",
    "Command",
    "CourseStatistics",
    "Erasure",
    "FileChunk",
    "FileSection",
    "Interaction",
    "Quarantine",
    "Session",
    "Timer",
    "TutoringSession",
    "UploadedFile",
]
