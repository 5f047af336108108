"""Unsalted digests of plates, and where they stand in bytes: raw, in hexadecimal of either case, or in base64."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALGORITHMS: Final = (
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512",
    "blake2b", "blake2s",
)  # fmt: skip
SHORT_BYTES: Final = (16, 20, 32)  # BLAKE2 is also asked for fewer bytes
MARK_BYTES: Final = 8  # what is looked for first
STEP: Final = 1 << 22  # windows at a time
_LOW_BITS: Final = np.uint64((1 << 24) - 1)


def spellings(number: int) -> list[str]:
    """Return how one would write a canary before hashing it."""
    plain, dashed = f"QZX{number:04d}", f"QZX-{number // 100:02d}-{number % 100:02d}"
    return [plain, plain.lower(), dashed, f"NL:{plain}", f"NL{plain}", f"plate:NL:{plain}"]


def digests_of(text: str) -> Iterator[bytes]:
    """Yield every digest of a text."""
    content = text.encode()
    for name in ALGORITHMS:
        yield hashlib.new(name, content).digest()
    for size in SHORT_BYTES:
        yield hashlib.blake2b(content, digest_size=size).digest()
    yield hashlib.blake2s(content, digest_size=16).digest()


class DigestSearch:
    """Looks for digests of canaries.

    Args:
        numbers: of the canaries.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        self._found: dict[bytes, tuple[bytes, int]] = {}  # by the first bytes: all of them, and the canary
        for number in numbers:
            for text in spellings(number):
                for digest in digests_of(text):
                    for form in (digest, digest.hex().encode(), base64.b64encode(digest).rstrip(b"=")):
                        self._found[form[:MARK_BYTES]] = (form[: 2 * MARK_BYTES], number)
        self._marks = np.sort(np.frombuffer(b"".join(self._found), np.uint64))
        self._is_low = np.zeros(int(_LOW_BITS) + 1, bool)
        self._is_low[self._marks & _LOW_BITS] = True

    def canaries_in(self, haystack: bytes) -> set[int]:
        """Return the canaries of which a digest stands in *haystack*."""
        found = self._canaries_in(haystack)
        # hexadecimal may be written in capitals
        return found | self._canaries_in(haystack.lower())

    def _canaries_in(self, haystack: bytes) -> set[int]:
        found = set()
        for start in range(0, max(len(haystack) - 2 * MARK_BYTES + 1, 0), STEP):
            piece = haystack[start : start + STEP + MARK_BYTES - 1]
            windows = np.ascontiguousarray(
                np.lib.stride_tricks.sliding_window_view(np.frombuffer(piece, np.uint8), MARK_BYTES)
            ).view(np.uint64)
            for place in self._places(windows.reshape(-1)):
                form, number = self._found[haystack[start + place : start + place + MARK_BYTES]]
                if haystack.startswith(form, start + int(place)):
                    found.add(number)
        return found

    def _places(self, windows: NDArray[np.uint64]) -> list[int]:
        """Return where windows are the beginning of a digest."""
        likely = np.flatnonzero(self._is_low[windows & _LOW_BITS])
        wanted = windows[likely]
        # not numpy's isin: it sorts all marks again for every piece
        nearest = np.searchsorted(self._marks, wanted).clip(max=self._marks.size - 1)
        places: list[int] = likely[self._marks[nearest] == wanted].tolist()
        return places
