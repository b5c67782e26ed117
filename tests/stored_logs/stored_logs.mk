# Included by the Makefile; needs its VPYTHON and VENV.
.PHONY: stored-log

stored-log: $(VENV)/test.stamp ## Keep logs of this release, once: they must fold for ever
	@exec $(VPYTHON) -m tests.stored_logs.record
