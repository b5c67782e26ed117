from django.apps import AppConfig


class ToolsAppConfig(AppConfig):
    """Userland: work that takes time. Registers its effects and tools with the kernel."""

    name = "tools_app"
    verbose_name = "Tools"

    def ready(self) -> None:
        # Registering is an import's side effect: the dispatch table fills before the first session is stepped.
        from tools_app import discovery, doubt, effects, personal_data, verification  # noqa: PLC0415 — models are ready only now

        del effects, verification
        discovery.load()
        doubt.register()
        personal_data.register()
