# Included by the Makefile; needs its PYTHON, VENV, VPYTHON and ARGS. Servers nobody here wrote (docs/models.md).
AIMOCK := tests/peers/node_modules/.package-lock.json
LITELLM := $(VENV)/litellm

.PHONY: test-peers

$(AIMOCK): tests/peers/package-lock.json $(VENV)/test.stamp
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm ci --prefix tests/peers --silent --no-fund --no-audit && touch $@

$(LITELLM)/bin/litellm:
	@echo "Installing the LiteLLM proxy into a virtual environment of its own (about 750 MB)"
	@$(PYTHON) -m venv $(LITELLM)
	@$(LITELLM)/bin/python -m pip --disable-pip-version-check --quiet install 'litellm[proxy]==1.106.2'

test-peers: $(VENV)/test.stamp $(AIMOCK) $(LITELLM)/bin/litellm ## The model backend against two servers nobody here wrote, LiteLLM's proxy too
	@LITELLM=$(LITELLM)/bin/litellm $(VPYTHON) -m pytest tests/integration/tools_app/test_servers_nobody_here_wrote.py $(ARGS)
