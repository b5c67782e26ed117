# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: bench bench-quick bench-profile bench-kernel bench-calls bench-import

bench: $(VENV)/test.stamp ## Measure the turn beside its floors, all of it (docs/benchmarks.md)
	@exec $(VPYTHON) -m tests.bench $(ARGS)

bench-quick: $(VENV)/test.stamp ## The same in short runs: to look, not to quote
	@exec $(VPYTHON) -m tests.bench --quick $(ARGS)

bench-profile: $(VENV)/test.stamp ## Where a turn's time goes, by function and by statement
	@exec $(VPYTHON) -m tests.bench.profile $(ARGS)

bench-kernel: $(VENV)/test.stamp ## Waiting timers, poison sessions, long histories: what they cost
	@exec $(VPYTHON) -m tests.bench.kernel $(ARGS)

bench-calls: $(VENV)/test.stamp ## How long a call waits after another process has committed its reply
	@exec $(VPYTHON) -m tests.bench.calls $(ARGS)

bench-import: $(VENV)/test.stamp ## Ten thousand questions: how long importing, reading and checking take
	@exec $(VPYTHON) -m tests.bench.importing $(ARGS)
