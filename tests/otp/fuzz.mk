# Random programs in real OTP (Debian: apt-get install erlang-base) and in tutor.statem; any difference is printed.
N ?= 10000
SEED ?= 1
PYTHON ?= .venv/bin/python

.PHONY: fuzz-otp
fuzz-otp: ## compare N random state machine programs with real Erlang/OTP
	$(PYTHON) -m tests.otp.fuzz --programs $(N) --events 30 --seed $(SEED)
