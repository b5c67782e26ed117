"""Judges: who decides about a metric that no rule of a few lines can decide."""
