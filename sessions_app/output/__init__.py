"""The text a turn is writing, on its way to sockets: addressed by (turn, attempt, offset), never in the log.

``gate`` checks it before anybody is shown it, ``buffer`` keeps it in Redis until it is committed, ``news`` tells web
processes of new pieces, ``sent`` is what one view has been sent of it. What is kept here may be lost at any moment:
the text then arrives with its ``output.committed``.
"""
