"""Running a learner's Python where it can harm nobody: one process per answer, killed at its limits.

What is guaranteed, by the kernel and not by Python: no file, no network, no other process and no signal to one, because
the process may make no system call outside a list of two dozen (seccomp); CPU time, memory and output by rlimits. The
right results never enter the process. Where the kernel has no seccomp (another system than Linux on x86-64 or ARM64),
nothing is run and ``Unavailable`` is raised. Not guaranteed: fairness between answers on one machine.
"""

from tutor.checking.sandbox.parent import Unavailable, run

__all__ = ["Unavailable", "run"]
