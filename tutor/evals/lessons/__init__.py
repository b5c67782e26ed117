"""Whole lessons for evaluation: taken in memory by scripted learners, and measured."""
