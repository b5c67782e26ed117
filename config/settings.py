"""Settings of the project. What a deployment changes comes from the environment; limits have their unit in the name."""

from __future__ import annotations

import logging
from pathlib import Path

from config import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent

# Demo mode: guests by one click, a development key. What `make run` starts; off by default everywhere else.
DEMO = env.flag("TUTOR_DEMO")
DEBUG = env.flag("DJANGO_DEBUG")
# Lets a hello name the echo machine, for benchmarks.
BENCH = env.flag("TUTOR_BENCH")
RATE_FACTOR = env.integer("TUTOR_RATE_FACTOR", 1)
SECRET_KEY = env.text("DJANGO_SECRET_KEY", "a-key-for-one-machine-set-DJANGO_SECRET_KEY-in-production" if DEMO else "")
ALLOWED_HOSTS = env.text("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in env.text("CSRF_TRUSTED_ORIGINS").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_fsm",
    "tutor",
    "sessions_app",
    "tools_app",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- services ----------------------------------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL", "postgres://tutor@127.0.0.1:5432/tutor")
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379").rstrip("/")
#: Threads that may hold a database connection at once, in each process.
DB_CONNECTIONS = env.integer("DB_CONNECTIONS", 16, least=2)
DATABASES = {
    "default": {
        **env.database(DATABASE_URL),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": DB_CONNECTIONS, "timeout": 5, "max_idle": 300, "max_lifetime": 1800},
            # A peer that vanished without a word: found out within 20 s, and while connecting within 5 s.
            "connect_timeout": 5,
            "tcp_user_timeout": 15_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "options": "-c statement_timeout=10000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=15000",
        },
    }
}
#: Off behind a pooler in transaction mode, which gives every transaction another connection.
PREPARE_STATEMENTS = env.flag("PREPARE_STATEMENTS", default=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: Redis databases: 0 is the broker's alone; hints to sockets have their own.
BROKER_URL = f"{REDIS_URL}/{env.integer('REDIS_BROKER_DB', 0)}"
LAYER_URL = f"{REDIS_URL}/{env.integer('REDIS_LAYER_DB', 1)}"

CHANNEL_LAYERS = {
    "default": {
        # Upstream's pub/sub layer, with a way to send from any thread without waiting.
        "BACKEND": "sessions_app.hint_layer.HintLayer",
        # redis-py 8 sets a socket time-out of 5 s by default, which would end an idle subscription.
        "CONFIG": {
            "hosts": [
                {"address": LAYER_URL, "socket_timeout": None, "socket_keepalive": True, "health_check_interval": 15}
            ],
            "prefix": "tutor",
        },
    }
}

# Results live in Postgres; a Celery message is a hint without authority (ARCHITECTURE, decisions).
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "tools"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 15,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "max_connections": 1000,  # kombu's default of 10 loses acknowledgements silently
}

# --- machines, sweeps, model -------------------------------------------------------------------------------------

#: Name of a machine -> a callable that makes it from the session's ``machine_args``.
TUTOR_MACHINES = {
    "tutoring": "tutor.catalogue.tutoring_machine",
    "echo": "tutor.echo.load",
}
#: Name of a machine -> what checks the text that is written in its sessions before it is shown
#: (``sessions_app.output.gate``); without one it is shown as it comes.
TUTOR_OUTPUT_GATES = {"tutoring": "tutor.output_gate.of_session"}
#: How sessions are supervised, by machine: restart permanent, transient or temporary; more than max_restarts within
#: max_seconds restore a proven state.
TUTOR_SUPERVISION = {"*": {"restart": "transient", "max_restarts": 3, "max_seconds": 5}}
#: Live sessions of the whole installation; 0: no limit.
TUTOR_LIVE_SESSIONS = env.integer("TUTOR_LIVE_SESSIONS", 0)
#: Token buckets (``sessions_app.rate_limits``): tokens that come back a second, and the most that gather. A person
#: sends far less; a school behind one address does, too. TUTOR_RATE_FACTOR multiplies all of them; 0: no limits.
TUTOR_RATE_LIMITS = {
    name: (per_s * RATE_FACTOR, most * RATE_FACTOR)
    for name, (per_s, most) in {
        "commands.user": (20, 1_000),
        "commands.address": (500, 10_000),
        "bytes.user": (256 * 1024, 32 * 1024 * 1024),
        "bytes.address": (4 * 1024 * 1024, 256 * 1024 * 1024),
        "sockets.user": (5, 300),
        "sockets.address": (100, 5_000),
        "guests.address": (5, 500),
    }.items()
    if RATE_FACTOR
}
#: How often a client should show that it lives, in seconds; three missed beats close its socket.
TUTOR_BEAT_S = env.integer("TUTOR_BEAT_S", 20, least=1)
#: Debug: the grammar of every stream is checked while it is sent (``sessions_app.checked_stream``).
TUTOR_CHECK_STREAMS = env.flag("TUTOR_CHECK_STREAMS", default=DEBUG)
#: Who may read ``/metrics``, beside this machine: a bearer token.
TUTOR_METRICS_TOKEN = env.text("TUTOR_METRICS_TOKEN")
#: What the timer service does, again and again: dotted path -> seconds between two runs.
TUTOR_SWEEPS = {
    "tools_app.monitor.watch": 0.5,
    "tools_app.outbox.sweep": 1.0,
    "tutor.question_ratings.sweep": 5.0,
    "tools_app.observer_service.sweep": 0.5,
    "sessions_app.files.sweeping.sweep": 60.0,
}

#: The same for what takes longer: in a thread of its own, so that no time-out waits for it.
TUTOR_SLOW_SWEEPS = {
    "sessions_app.personal_data.erasing.sweep": 5.0,
    "sessions_app.personal_data.retention.sweep": 600.0,
}
#: What learners wrote is erased so many days after their session ended; a course may say otherwise. 0: never.
TUTOR_RETENTION_DAYS = env.integer("TUTOR_RETENTION_DAYS", 0)
#: Sessions that nobody has come back to for so many days are ended: only then do the days above begin. 0: never.
TUTOR_ABANDONED_DAYS = env.integer("TUTOR_ABANDONED_DAYS", 0)

#: Modules and packages whose tools workers run; a package's modules are imported, too (docs/tools.md).
TUTOR_TOOLS = ["tools_app.tools"]
#: Modules and packages whose observers look at sessions (docs/observers.md), and which of them: their names with commas
#: between, "none" for none; empty: all, as far as a course does not say otherwise.
TUTOR_OBSERVERS = ["tutor.observers"]
TUTOR_OBSERVERS_ON = env.names("TUTOR_OBSERVERS")
#: The most of one processor's time, in per cent, that the observers of one timer service take. Where more is due than
#: that allows, sessions are looked at less often, and each look shows more of what has happened.
TUTOR_OBSERVER_PERCENT = min(100, env.integer("TUTOR_OBSERVER_PERCENT", 20, least=1))
#: A coroutine function that shortens a session's history where a model finds it too long: takes the session's id, says
#: whether it worked. Empty: the offline tool answers instead.
TUTOR_COMPACTOR = "sessions_app.compacting.compacted"

#: A callable that tells what becomes of a session's pending tool calls (``sessions_app.call_report``).
TUTOR_CALL_REPORTS = "tools_app.pending.reports"
#: What ``/api/readyz`` asks: each answers None or, in plain words, what is missing.
TUTOR_HEALTH_CHECKS = ["sessions_app.health.courses", "tools_app.monitor.worker_alive"]
#: A callable that says where the system on this machine can be reached; None where none runs.
TUTOR_RUNNING_URL = "config.running.url"

#: A callable that builds again what models were shown for a call (``sessions_app.shown``).
TUTOR_SHOWN = "tools_app.chains.shown"
#: What a model is shown at most of a session, in tokens (``tutor.projections.tokens``).
TUTOR_CHAIN_TOKENS = env.integer("TUTOR_CHAIN_TOKENS", 6_000, least=1_000)

#: Largest file that a learner may upload, in bytes.
TUTOR_FILE_BYTES = env.integer("TUTOR_FILE_BYTES", 20 * 1024 * 1024, least=1024)

LLM_BASE_URL = env.text("LLM_BASE_URL")
LLM_API_KEY = env.text("LLM_API_KEY")
LLM_MODEL = env.text("LLM_MODEL")
#: How long a model may take, in seconds: to be connected, to its first token, from token to token, and altogether.
LLM_CONNECT_S = env.integer("LLM_CONNECT_S", 5, least=1)
LLM_FIRST_TOKEN_S = env.integer("LLM_FIRST_TOKEN_S", 15, least=1)
LLM_BETWEEN_TOKENS_S = env.integer("LLM_BETWEEN_TOKENS_S", 10, least=1)
LLM_TOTAL_S = env.integer("LLM_TOTAL_S", 28, least=1)
#: After this many failures in a row to reach it, an endpoint is left alone for so many seconds.
LLM_BREAKER_FAILURES = env.integer("LLM_BREAKER_FAILURES", 5, least=1)
LLM_BREAKER_OPEN_S = env.integer("LLM_BREAKER_OPEN_S", 30, least=1)
#: Tokens that the calls of one session may use; beyond them the offline tools answer. 0: no limit.
LLM_SESSION_TOKENS = env.integer("LLM_SESSION_TOKENS", 500_000)

# --- people ------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
#: Languages of the pages; courses have their own.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
# With a place to collect them (`manage.py run` names one) static files have their content's hash in their names and are
# kept by browsers for good; without one they come straight from the apps, as one works on them.
STATIC_ROOT = env.text("STATIC_ROOT") or None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "config.static_files.HashedFiles"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
    # What learners upload: every web process and every worker has to read it, so a folder of one machine will not do.
    "uploads": {"BACKEND": "sessions_app.files.storage.DatabaseStorage"},
}
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_AUTOREFRESH = DEBUG
LOGIN_URL = "/admin/login/"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
    }
}


def _worth_logging(record: logging.LogRecord) -> bool:
    """Not being ready yet is an answer, not an error."""
    return getattr(getattr(record, "request", None), "path", "") != "/api/readyz"


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.log_lines.Line",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {"worth_logging": {"()": "django.utils.log.CallbackFilter", "callback": _worth_logging}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["worth_logging"]}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        # Two lines a hint would bury everything else.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
