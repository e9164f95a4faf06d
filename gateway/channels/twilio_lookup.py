"""Twilio Lookup v2: the line's type, whether the number was given to somebody else, whether a name fits it.

`GET /v2/PhoneNumbers/{number}?Fields=…` (domain notes §3.7). Reassigned numbers are known for the United States
alone and need the day on which the number was last right; identities are asked for elsewhere only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from gateway.archive.trust.looking_up import Answered, Question

_SECONDS: Final = 10.0
#: Lines that no text reaches.
_NO_TEXT: Final = frozenset(("landline", "tollFree", "premium", "sharedCost", "uan", "voicemail", "pager"))
#: Scores of `identity_match` (0–100) from which a name fits, and up to which it does not.
_FITS: Final = 80
_FITS_NOT: Final = 20


class TwilioLookup:
    """The adapter. `base_url` is that of Lookup, or of anything that speaks it."""

    name = "twilio"

    def __init__(self, session: aiohttp.ClientSession, *, account_sid: str, auth_token: str, base_url: str) -> None:
        self._session = session
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
        self._base = base_url.rstrip("/")

    async def look_up(self, question: Question) -> Answered | None:
        """What Lookup says; None where it did not answer or refused us."""
        query = {"Fields": "line_type_intelligence,identity_match"}
        if question.name:
            query["FirstName"] = question.name
        if question.number.startswith("+1") and question.known_on is not None:
            query["Fields"] = "line_type_intelligence,reassigned_number"
            query["LastVerifiedDate"] = f"{question.known_on:%Y%m%d}"
        address = f"{self._base}/v2/PhoneNumbers/{quote(question.number)}"
        try:
            async with self._session.get(
                address, params=query, headers=self._headers, timeout=aiohttp.ClientTimeout(total=_SECONDS)
            ) as answer:
                if answer.status == 404:
                    return Answered(verdict="inactive", detail={"valid": False})
                if answer.status != 200:
                    return None
                said = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None
        return meaning(said) if isinstance(said, dict) else None


def meaning(said: Mapping[str, Any]) -> Answered:
    """What Lookup's answer comes to, the weightiest first."""
    detail: dict[str, Any] = {}
    line = (said.get("line_type_intelligence") or {}).get("type")
    if line is not None:
        detail["line"] = line
    if said.get("valid") is False:
        return Answered(verdict="inactive", detail={"valid": False})
    reassigned = (said.get("reassigned_number") or {}).get("is_number_reassigned")
    if reassigned == "yes":
        return Answered(verdict="recycled", detail=detail)
    if line in _NO_TEXT:
        return Answered(verdict="no_text", detail=detail)
    score = (said.get("identity_match") or {}).get("summary_score")
    if isinstance(score, int | float):
        detail["score"] = score
        if score >= _FITS:
            return Answered(verdict="name_match", detail=detail)
        if score <= _FITS_NOT:
            return Answered(verdict="name_mismatch", detail=detail)
    return Answered(verdict="active" if reassigned == "no" or line else "unknown", detail=detail)
