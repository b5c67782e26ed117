"""Simulated learners whose minds are known: whether the machine's calls about them are right (docs/mastery.md)."""
