# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: screenshots

screenshots: $(VENV)/test.stamp ## Every page, light, dark and at phone width, to look at (docs/page.md)
	@exec $(VPYTHON) -m tests.screenshots $(ARGS)
