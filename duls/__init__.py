"""The shell: command line, settings, composition, health, metrics and the demo."""
