"""Whoever calls: `python -m bench.load single|batch|status ADDRESS NUMBER CONNECTIONS FIRST` makes the requests first,
then all the calls, and prints a JSON object: when it began on the machine's clock, the seconds it took, and
milliseconds of a call (median, 99th percentile).

Messages go to NUMBER telephone numbers from the one counted FIRST. `status` posts two signed reports on each message
id that standard input names.
"""

from __future__ import annotations

import gc
import json
import sys
import time

from bench.calling import all_of, post, status_post
from bench.serving import KEY, TOKEN

BATCH = 100
_TEXT = "您户号{}2025年10月电费86.40元未交，请于25日前交费。详询95598，回复9退订。"


def _message(number: int) -> dict[str, object]:
    return {
        "to": f"+86{13507010000 + number}",
        "template": "announcement",
        "values": {"text": _TEXT.format(4_100_000_000 + number)},
    }


def _requests(kind: str, address: str, number: int, start: int) -> tuple[list[bytes], int]:
    """The requests, and the status that each is to get."""
    if kind == "status":
        reports = [
            status_post(TOKEN, f"{address}/webhooks/twilio/status/{id_}", f"SM{turn:032x}", state)
            for turn, id_ in enumerate(sys.stdin.read().split())
            for state in ("sent", "delivered")
        ]
        return reports, 204
    headers = f"Authorization: Bearer {KEY}\r\n"
    if kind == "single":
        url, bodies = f"{address}/api/v1/messages", [_message(turn) for turn in range(start, start + number)]
    else:
        url = f"{address}/api/v1/messages/batch"
        bodies = [
            {"messages": [_message(turn) for turn in range(first, first + BATCH)]}
            for first in range(start, start + number, BATCH)
        ]
    made = [
        post(url, json.dumps(body, ensure_ascii=False).encode(), kind="application/json", headers=headers)
        for body in bodies
    ]
    return made, 202


async def _call() -> None:
    kind, address, number, connections, first = sys.argv[1:]
    requests, wanted = _requests(kind, address, int(number), int(first))
    gc.freeze()
    began = time.monotonic()
    seconds, taken = await all_of(address, requests, int(connections), wanted=wanted)
    at = {"median": taken[len(taken) // 2] * 1000, "p99": taken[len(taken) * 99 // 100] * 1000}
    print(json.dumps({"seconds": seconds, "began": began, "calls": len(taken), **at}))


if __name__ == "__main__":
    import uvloop

    uvloop.run(_call())
