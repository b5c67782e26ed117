"""The answer checker. A right answer is never called wrong, a wrong one never accepted, a slip never punished."""

from tutor.checking.checker import check
from tutor.checking.verdict import Verdict

__all__ = ["Verdict", "check"]
