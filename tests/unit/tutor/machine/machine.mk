# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: check-walks diagram transcripts

# How many walks each invariant is held to.
WALKS ?= 1000

check-walks: $(VENV)/test.stamp ## Hold 1,000 other random lessons to each invariant of the machine (WALKS=…; docs/machine.md)
	@TUTOR_WALKS=$(WALKS) $(VPYTHON) -m pytest -q -n auto --timeout=0 tests/unit/tutor/machine/test_invariants.py $(ARGS)

diagram: $(VENV)/run.stamp ## Draw the state machine in docs/machine.md from its table
	@$(VPYTHON) manage.py diagram

transcripts: $(VENV)/run.stamp ## Write the scripted learners' lessons anew (docs/transcripts)
	@$(VPYTHON) manage.py transcripts
