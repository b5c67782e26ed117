"""Courses made of questions that other programs have: OATutor, Moodle XML, GIFT (docs/importing.md)."""
