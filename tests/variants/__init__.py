"""The variant bars of the answer checker: right answers in every writing, wrong answers in every writing.

Formulas are drawn, written and evaluated by code of this folder alone, in floating point, so that a mistake of the
checker's grammar or arithmetic cannot hide in its own test.
"""
