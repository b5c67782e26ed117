# Included by the Makefile; needs its VPYTHON, VENV and ARGS.
.PHONY: bench bench-turns bench-check bench-storage bench-idle bench-startup bench-scale bench-quick bench-profile
.PHONY: bench-kernel bench-calls bench-streams bench-tools bench-verify bench-redelivery bench-erase bench-import
.PHONY: bench-observers

bench: $(VENV)/test.stamp ## Measure all that is promised about speed: one report (docs/benchmarks.md)
	@exec $(VPYTHON) -m tests.bench.everything $(ARGS)

bench-quick: $(VENV)/test.stamp ## The same in short runs: to look, not to quote
	@exec $(VPYTHON) -m tests.bench.everything --quick $(ARGS)

bench-check: $(VENV)/test.stamp ## Whether a change has made it slower than it may become: a few minutes
	@exec $(VPYTHON) -m tests.bench.check $(ARGS)

bench-turns: $(VENV)/test.stamp ## The turn beside its floors
	@exec $(VPYTHON) -m tests.bench $(ARGS)

bench-storage: $(VENV)/test.stamp ## Rows and bytes that a turn leaves in the database
	@exec $(VPYTHON) -m tests.bench.storage $(ARGS)

bench-idle: $(VENV)/test.stamp ## 5,000 sockets that only wait
	@exec $(VPYTHON) -m tests.bench.idle $(ARGS)

bench-startup: $(VENV)/test.stamp ## How long `make run` takes to a lesson's first words
	@exec $(VPYTHON) -m tests.bench.startup $(ARGS)

bench-scale: $(VENV)/test.stamp ## Two web and two worker processes against one of each
	@exec $(VPYTHON) -m tests.bench.scale $(ARGS)

bench-profile: $(VENV)/test.stamp ## Where a turn's time goes, by function and by statement
	@exec $(VPYTHON) -m tests.bench.profile $(ARGS)

bench-kernel: $(VENV)/test.stamp ## Waiting timers, poison sessions, long histories: what they cost
	@exec $(VPYTHON) -m tests.bench.kernel $(ARGS)

bench-calls: $(VENV)/test.stamp ## How long a call waits after another process has committed its reply
	@exec $(VPYTHON) -m tests.bench.calls $(ARGS)

bench-streams: $(VENV)/test.stamp ## How long a model's token takes to a learner's socket, with 200 streams
	@exec $(VPYTHON) -m tests.bench.streams $(ARGS)

bench-tools: $(VENV)/test.stamp ## Slots, short calls, detection of a killed worker, fairness of claims
	@exec $(VPYTHON) -m tests.bench.tools $(ARGS)

bench-verify: $(VENV)/test.stamp ## Verify 10,000 sessions of 1,000,000 interactions, played and copied: rate and memory
	@exec $(VPYTHON) -m tests.bench.verification --sessions 10000 --interactions 1000000 --long 50000 $(ARGS)

bench-erase: $(VENV)/test.stamp ## Exporting and erasing what is kept of learners: rates, memory, bytes that stay
	@exec $(VPYTHON) -m tests.bench.erasing $(ARGS)

bench-redelivery: $(VENV)/test.stamp ## 10,000 broker messages delivered again, while calls run and after: what was done twice
	@exec $(VPYTHON) -m tests.bench.tools.redelivery $(ARGS)

bench-import: $(VENV)/test.stamp ## Ten thousand questions: how long importing, reading and checking take
	@exec $(VPYTHON) -m tests.bench.importing $(ARGS)

bench-observers: $(VENV)/test.stamp ## One live session with four observers and with none: what they cost its turns
	@exec $(VPYTHON) -m tests.bench.observers $(ARGS)
