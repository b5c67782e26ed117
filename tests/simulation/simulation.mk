# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: simulate

simulate: $(VENV)/test.stamp ## Are calls of mastery right, and does treatment help? 2,000 simulated lessons (docs/mastery.md)
	@exec $(VPYTHON) -m tests.simulation $(ARGS)
