"""The settings: one frozen object, read once by the command line from a TOML file and DULS_* variables."""

from duls.config.reading import Need, load_settings
from duls.config.reference import Setting, settings_reference
from duls.config.settings import Settings

__all__ = ["Need", "Setting", "Settings", "load_settings", "settings_reference"]
