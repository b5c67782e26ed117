"""Lenses: how a model may shape what is taught. It edits structured objects through closed sets of typed operations.

A lens looks at one object (a question, an explanation), takes operations of its own closed set, checks each against the
object and gives back another object of the same kind, or refuses (``Refused``). Free text of a model reaches learners
only as the field of such an operation, within that field's bounds.
"""
