"""Which carrier a position names: the text of `carrier`, or the actor of an event of Open Trip Model in that role.

What is no text names nobody, and is no fault.
"""

from typing import Final

from processors.carrier_names import NOBODY, carrier_digest

ROLE: Final = "carrier"


def digest_of(name: object) -> int:
    """Return the digest of what should be the name of a carrier."""
    return carrier_digest(name) if isinstance(name, str) else NOBODY


def carrier_of_actors(actors: object) -> object:
    """Return the name, or else the id, of the first of the actors of an event that is its carrier."""
    for actor in actors if isinstance(actors, list) else []:
        roles = actor.get("roles") if isinstance(actor, dict) else None
        if isinstance(roles, list) and ROLE in roles:
            entity = actor.get("entity")
            known = entity if isinstance(entity, dict) else {}
            return known.get("name") or known.get("id") or actor.get("uuid")
    return None
