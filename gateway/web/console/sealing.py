"""What travels through the browser and comes back: tokens against forged requests, notes for the next page,
personal data that a page names without showing. All keyed by SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken

#: Seconds for which a sealed value can be opened: a page that stands longer is loaded again.
_LASTS: Final = 14 * 3600


class Seal:
    """Makes and checks what only this gateway can have made."""

    def __init__(self, secret: str) -> None:
        self._csrf = hashlib.sha256(f"csrf:{secret}".encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"seal:{secret}".encode()).digest()))

    @staticmethod
    def visit() -> str:
        """A name for a browser nobody has signed in with."""
        return secrets.token_urlsafe(16)

    def token(self, of: str) -> str:
        """The token that forms of the session (or visit) `of` carry."""
        return hmac.new(self._csrf, of.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def genuine(self, token: str, of: str) -> bool:
        """Whether a form of `of` carried this."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token(of).encode())

    def close(self, value: Any) -> str:
        """`value` (JSON) so that nobody else can read or change it."""
        return self._fernet.encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).decode()

    def open(self, sealed: str) -> Any:
        """What was closed; None where it was not closed here, or too long ago."""
        try:
            return json.loads(self._fernet.decrypt(sealed.encode("ascii", "replace"), ttl=_LASTS))
        except (InvalidToken, ValueError):
            return None
