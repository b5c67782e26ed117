"""The tools, one file each; importing a module registers its tools (``settings.TUTOR_TOOLS``)."""
