# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: check-variants

check-variants: $(VENV)/test.stamp ## Judge 50,000 right and wrong answers in every writing (docs/answers.md)
	@exec $(VPYTHON) -m tests.variants $(ARGS)
