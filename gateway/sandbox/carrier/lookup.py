"""Twilio's Lookup v2, as its documentation gives it, for the invented people of the demo.

The ending of a number decides, as it does for what they answer: who is somebody else there (44, 45) is so here.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aiohttp import web

from gateway.sandbox.carrier.people import ANSWERS, BOUNCES

_is_number = re.compile(r"\+[1-9]\d{6,14}").fullmatch
_STRANGERS: Final = frozenset(ending for ending, answer in ANSWERS.items() if "不是" in answer or "Wrong" in answer)


def said_of(number: str, fields: str) -> dict[str, Any]:
    """What Lookup says of a number (E.164) for the `Fields` asked about."""
    ending = number[-2:]
    valid = BOUNCES.get(ending) != "30005"
    said: dict[str, Any] = {
        "phone_number": number,
        "valid": valid,
        "validation_errors": [] if valid else ["INVALID_LENGTH"],
        "line_type_intelligence": None,
        "identity_match": None,
        "reassigned_number": None,
        "url": f"/v2/PhoneNumbers/{number}",
    }
    asked = set(fields.split(","))
    if "line_type_intelligence" in asked:
        said["line_type_intelligence"] = {
            "type": "landline" if BOUNCES.get(ending) == "30006" else "mobile",
            "error_code": None,
        }
    if "identity_match" in asked:
        said["identity_match"] = {"summary_score": 5 if ending in _STRANGERS else 95, "error_code": None}
    if "reassigned_number" in asked:
        known = number.startswith("+1")
        answer = ("yes" if ending in _STRANGERS else "no") if known else "no_data_available"
        said["reassigned_number"] = {"is_number_reassigned": answer, "error_code": None}
    return said


def routes(authorised: Any) -> list[web.RouteDef]:
    """The route of the resource; `authorised` answers whether a request has the account's credentials."""

    async def fetch(request: web.Request) -> web.Response:
        if not authorised(request):
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        number = request.match_info["number"]
        if not _is_number(number):
            return web.json_response({"code": 20404, "message": "not found", "status": 404}, status=404)
        return web.json_response(said_of(number, request.query.get("Fields", "")))

    return [web.get("/v2/PhoneNumbers/{number}", fetch, allow_head=False)]
