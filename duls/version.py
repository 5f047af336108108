"""The version of the program; packaging reads it from here."""

from typing import Final

VERSION: Final = "0.1.0"
