"""What is kept of a learner, and where: exported, erased, kept for a time (docs/privacy.md)."""
