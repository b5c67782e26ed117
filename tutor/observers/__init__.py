"""Observers: each looks at a session's log for one thing, and says so to the teacher, the tutor or the learner.

One file each; importing a module registers its observers (``settings.TUTOR_OBSERVERS``, docs/observers.md).
"""
