from django.apps import AppConfig


class ToolsAppConfig(AppConfig):
    """Userland: work that takes time. Registers its effects and tools with the kernel."""

    name = "tools_app"
    verbose_name = "Tools"

    def ready(self) -> None:
        # Registering is an import's side effect: the dispatch table fills before the first session is stepped.
        from tools_app import (  # noqa: PLC0415 — models are ready only now
            discovery,
            doubt,
            effects,
            personal_data,
            verification,
            watching,
        )

        del effects, verification, watching
        discovery.load()
        discovery.load_observers()
        doubt.register()
        personal_data.register()
