"""Attacks on a tutor: what to say to it, where to plant it, and what came of it."""
