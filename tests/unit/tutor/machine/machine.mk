# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: check-walks diagram

# How many walks each invariant is held to.
WALKS ?= 10000

check-walks: $(VENV)/test.stamp ## Hold 10,000 random lessons to each invariant of the machine (hours; WALKS=500: minutes)
	@TUTOR_WALKS=$(WALKS) $(VPYTHON) -m pytest -q -n auto tests/unit/tutor/machine/test_invariants.py $(ARGS)

diagram: $(VENV)/run.stamp ## Draw the state machine in docs/machine.md from its table
	@$(VPYTHON) manage.py diagram
