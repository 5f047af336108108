"""Wrapping of keys: AES-GCM under the master key, bound to what a key is for, so that none stands in for another."""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from duls.errors import ConfigError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class KeyWrap:
    """Makes, wraps and unwraps random keys.

    Args:
        master_key: 32 bytes.
        random_bytes: a cryptographic source, such as `secrets.token_bytes`.
    """

    def __init__(self, master_key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(master_key)
        self._random_bytes = random_bytes

    def new_key(self, bound: bytes) -> bytes:
        """Return nonce and ciphertext of a random key that nobody has seen."""
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, self._random_bytes(KEY_BYTES), bound)

    def key_in(self, wrapped: bytes | None, bound: bytes, whose: str) -> bytes | None:
        """Return a wrapped key, None where it was destroyed.

        Raises:
            ConfigError: it was wrapped by another master key, or for something else.
        """
        if wrapped is None:
            return None
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
        except InvalidTag:
            message = f"the key of {whose} was wrapped by another master key: use the file that made it"
            raise ConfigError(message) from None
