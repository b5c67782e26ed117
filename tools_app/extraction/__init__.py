"""Reading files of learners: bytes in, sections of text out. Pure functions of the bytes, without Django or database.

Every file is hostile until it was read. Each format has its module with one function ``read(content) -> Document``; it
raises ``Unreadable`` in words for a learner, or whatever its library raises. ``reading`` bounds all of them.
"""
