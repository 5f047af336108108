"""Ids of cameras and observations that are no UUIDs: each text has one UUID of its own, the same everywhere."""

import re
from typing import Final
from uuid import UUID, uuid5

UUID_SHAPE: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_CAMERAS: Final = UUID("5c1f4a0e-6a37-4d0c-9f0b-3f1d1f5f0a11")
_OBSERVATIONS: Final = UUID("a3d0f7c2-8f54-4b0e-8c29-b7a9d2c4e6f0")


def camera_uuid(name: str) -> UUID:
    """Return the UUID of a camera: what the name spells, or one made from it."""
    return _uuid(_CAMERAS, name)


def observation_uuid(name: str) -> UUID:
    """Return the UUID of an observation, as for cameras; *name* must say nothing of a plate."""
    return _uuid(_OBSERVATIONS, name)


def _uuid(space: UUID, name: str) -> UUID:
    """Return what a name spells, or a UUID made from it; half of a surrogate pair is spelled out."""
    text = name.strip().encode("utf-8", "backslashreplace").decode()
    return UUID(text) if UUID_SHAPE.fullmatch(text) else uuid5(space, text)
