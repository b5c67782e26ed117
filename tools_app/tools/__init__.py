"""The tools, one file each. Importing a module registers its tools."""

from tools_app.tools import check_answer, check_explanation, clarify_concept, compact, echo, recite

__all__ = ["check_answer", "check_explanation", "clarify_concept", "compact", "echo", "recite"]
