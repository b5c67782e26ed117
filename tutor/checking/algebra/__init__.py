"""Formulas as learners write them: read by a whitelist grammar into own objects, compared exactly or by 40 digits.

Nothing a learner writes is ever run: a character that the grammar does not know is an error, and every limit
(``limits``) stands before the work it bounds.
"""
