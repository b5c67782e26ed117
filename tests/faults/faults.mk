# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: faults
N ?= 1000

faults: $(VENV)/test.stamp ## N=1000 random fault schedules on delivery: nothing lost, doubled or reordered (docs/protocol.md)
	@exec $(VPYTHON) -m tests.faults --schedules $(N) $(ARGS)
