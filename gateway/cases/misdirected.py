"""短信错发: an order of the hotline about a text that reached the wrong person stops the link it speaks of.

Somebody said so, which is the strongest evidence there is (domain notes §5.2). An order that is closed was dealt
with in the utility's own system, so it is kept as evidence only, and so is one older than the texts that we know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.archive import evidence, opening
from gateway.archive.held import held, rows_of
from gateway.archive.misdirection import concerned
from gateway.archive.opening import Doubt, open_or_join
from gateway.archive.signals import Sign
from gateway.outbox import stop_links

ACTOR: Final = "hotline"
#: An order older than this speaks of texts that are no longer known.
_LASTS: Final = timedelta(days=90)
_KINDS: Final = frozenset(("opinion", "complaint", "report", "service_request", "suggestion", "consultation"))
_said = re.compile(
    r"错发|发错|误发|收到(?:了)?(?:其他|其它|别的|别|他|陌生)(?:客户|用户|人|户)|不是(?:本人|我)的?(?:户号|电费|账户|用电)|"
    r"(?:短信|通知|消息).{0,12}(?:不是本人|不是我|与本人无关|与我无关|非本人)"
).search


def is_misdirected(kind: str, subtype: str | None, content: str | None) -> bool:
    """Whether an order says that a text went to the wrong person."""
    if kind not in _KINDS:
        return False
    return "错发" in (subtype or "") or "发错" in (subtype or "") or _said(content or "") is not None


_FACTS: Final = """
SELECT w.work_order_no, w.kind, w.subtype, w.content, w.opened_at, w.closed_at, w.caller_number, w.account_id,
       p.id AS point, EXISTS (
         SELECT 1 FROM signal s WHERE s.kind = 'ticket' AND s.evidence ->> 'work_order' = w.work_order_no
           AND (s.contact_point_id = p.id OR s.account_id = w.account_id)) AS known
FROM work_order w LEFT JOIN contact_point p ON p.address = w.caller_number AND p.kind = 'phone'
WHERE w.work_order_no = ANY($1::text[]) ORDER BY w.opened_at, w.work_order_no
"""


async def react(connection: Any, orders: Sequence[str], now: datetime) -> None:
    """Act on those of the orders, new or changed, that tell of a misdirected text; each is acted on once."""
    for order in await connection.fetch(_FACTS, list(orders)):
        if order["known"] or not is_misdirected(order["kind"], order["subtype"], order["content"]):
            continue
        if order["point"] is not None:
            await _of_number(connection, order, now)
        elif order["account_id"] is not None and _is_open(order, now):
            # The caller's number is not one of the account's: which one was meant is for a person.
            await _open(connection, order, None, [order["account_id"]], [], now)


async def _of_number(connection: Any, order: Any, now: datetime) -> None:
    links = [held(row) for row in await rows_of(connection, order["point"])]
    answered = {order["account_id"]} & {link.account_id for link in links}
    said = {"work_order": order["work_order_no"], "opened_at": order["opened_at"].isoformat()}
    verdicts = await evidence.take(
        connection,
        [
            Sign(
                contact_point_id=order["point"],
                account_id=order["account_id"],
                kind="ticket",
                at=order["opened_at"],
                evidence=said,
            )
        ],
        now,
    )
    if not _is_open(order, now) or not links:
        return
    if not answered:
        # It names no account that the number stands for: which of them was meant is for a person.
        await _open(connection, order, order["point"], [link.account_id for link in links], [], now)
        return
    in_doubt = [link.link_id for link in links if link.state == "suspended" and link.account_id in answered]
    await opening.hold_for_good(connection, in_doubt, "ticket")
    concern = concerned("wrong_number", links, answered=answered, told=answered, since=order["opened_at"])
    since = order["opened_at"].date()
    stopped = [
        link
        for link in concern.stopped
        if (link.said_on is None or link.said_on <= since)
        # What was confirmed since the order was taken down is not stopped by it.
        and (link.link_id not in verdicts or verdicts[link.link_id].action == "suspend")
    ]
    if stopped or concern.doubtful:
        meant = stopped or list(concern.doubtful)
        accounts = [link.account_id for link in meant]
        await _open(connection, order, order["point"], accounts, [link.link_id for link in stopped], now)


async def _open(
    connection: Any, order: Any, point: int | None, accounts: Sequence[int], suspend: Sequence[int], now: datetime
) -> None:
    hint = {"kind": "ticket", "work_order": order["work_order_no"], "words": order["content"] or ""}
    opened = await open_or_join(
        connection,
        Doubt(
            contact_point_id=point,
            accounts=accounts,
            suspend=suspend,
            reason="ticket",
            words="ticket",
            actor=ACTOR,
            at=now,
            hints=[hint],
        ),
    )
    await stop_links(connection, opened.suspended, reason="misdirected", at=now, words="ticket")


def _is_open(order: Any, now: datetime) -> bool:
    return order["closed_at"] is None and now - order["opened_at"] <= _LASTS
