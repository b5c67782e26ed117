"""The composition root: settings, the ASGI and Celery applications, embedded services. Nobody imports it."""
