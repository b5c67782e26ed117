# Random programs in real OTP (Debian: apt-get install erlang-base) and in tutor.statem; any difference is shrunk and
# printed. `make fuzz-otp N=100000` takes some minutes on two cores.
N ?= 10000
SEED ?= 1

.PHONY: fuzz-otp
fuzz-otp: $(VENV)/test.stamp ## Compare N random state machine programs with real Erlang/OTP
	@exec $(VPYTHON) -m tests.otp.fuzz --programs $(N) --events 30 --seed $(SEED)
