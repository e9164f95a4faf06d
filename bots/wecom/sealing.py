"""WeCom's callback envelope: signed with SHA-1 over four sorted strings, sealed with AES-256-CBC.

https://developer.work.weixin.qq.com/document/path/90968: the key is the Base64 of 43 characters, its first half the
vector; inside are 16 random bytes, the length, the message, and whom it is for. SHA-1 and the fixed vector are the
platform's choice, not ours.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
import struct
from base64 import b64decode, b64encode
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.kernel.errors import Misconfigured

_BLOCK: Final = 32


class NotSealed(ValueError):
    """It was not sealed with our key, or not for us."""


class Envelope:
    """Opens and seals what goes between WeCom and one application of one company."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        try:
            self._key = b64decode(aes_key + "=", validate=True)
        except binascii.Error as error:
            raise Misconfigured("WECOM__AES_KEY is the EncodingAESKey of 43 characters") from error
        if len(self._key) != 32:
            raise Misconfigured("WECOM__AES_KEY is the EncodingAESKey of 43 characters")
        self._token = token
        self._receiver = receiver.encode()

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        """The signature of a sealed text."""
        parts = "".join(sorted((self._token, timestamp, nonce, sealed)))
        return hashlib.sha1(parts.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def fits(self, signature: str, timestamp: str, nonce: str, sealed: str) -> bool:
        """Whether WeCom signed it."""
        good = self.signature(timestamp, nonce, sealed).encode()
        return hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), good)

    def open(self, sealed: str) -> bytes:
        """What is inside. Raises NotSealed."""
        try:
            data = b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotSealed("not Base64") from error
        if not data or len(data) % 16:
            raise NotSealed("not whole blocks")
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or len(plain) < 20 + padding:
            raise NotSealed("wrong padding")
        plain = plain[:-padding]
        (length,) = struct.unpack(">I", plain[16:20])
        if length > len(plain) - 20 or plain[20 + length :] != self._receiver:
            raise NotSealed("for somebody else")
        return plain[20 : 20 + length]

    def seal(self, message: bytes) -> str:
        """A message sealed for WeCom."""
        plain = os.urandom(16) + struct.pack(">I", len(message)) + message + self._receiver
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).encryptor()
        return b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()
