"""By what a carrier is known: a digest of its name, whatever the name's capitals, spaces and way of writing accents.

It is no pseudonym, since whoever knows the names can make it again: it stays in intake, as identities do.
"""

import unicodedata
from hashlib import blake2b
from typing import Final

NOBODY: Final = 0
"""In place of the digest of a carrier where none is named."""

_DIGEST_BYTES: Final = 8


def carrier_name(text: str) -> str:
    """Return a name as it is compared."""
    folded = unicodedata.normalize("NFD", " ".join(text.split())).casefold()
    return unicodedata.normalize("NFC", folded)


def carrier_digest(name: str) -> int:
    """Return the digest of a name in 64 bits, which is `NOBODY` of a blank one and of no other."""
    known = carrier_name(name).encode("utf-8", "surrogatepass")  # JSON may have halves of characters
    if not known:
        return NOBODY
    return int.from_bytes(blake2b(known, digest_size=_DIGEST_BYTES).digest(), "big") or 1
