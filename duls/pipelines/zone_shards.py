"""In which shard a zone is: a hash that is the same everywhere and for ever."""

from functools import cache
from hashlib import blake2b


@cache
def shard_of(zone_id: str, shards: int) -> int:
    """Return the shard of a zone, from 0."""
    digest = blake2b(zone_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % shards
