# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: crash-points

crash-points: $(VENV)/test.stamp ## Kill the kernel at every crash point and compare what is left (docs/verification.md)
	@exec $(VPYTHON) -m tests.crash_points --twice 300 $(ARGS)
