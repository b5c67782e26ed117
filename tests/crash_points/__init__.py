"""Kill the kernel at every passage of every crash point, recover as production would, compare with the run that lived.

``scripts`` say what happens in a session, ``process`` plays them as one process of the system, ``forked`` makes that a
real child that can be killed, ``campaign`` kills and recovers, ``outcome`` says what must be equal.
"""
