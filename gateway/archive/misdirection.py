"""Judging misdirection: whom a customer's "not me" concerns (domain notes §7).

Judgement is passed on links. A stranger disowns every account that the number stands for; one who moved
disowns the account of the message answered, and what shares its address. Whatever was confirmed after the
message went out is a person's to judge: somebody with the number in hand has said the contrary since.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

#: The intents that say a number does not belong to an account.
Disowning = Literal["wrong_number", "moved_or_sold"]
DISOWNING: Final = ("wrong_number", "moved_or_sold")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLink:
    """A link of the number that answered."""

    link_id: int
    account_id: int
    account_no: str
    premise_id: int
    address: str
    state: str
    verified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """What follows for each link: `stopped` now, `asked` about, or `doubtful` and left to a person."""

    stopped: tuple[HeldLink, ...]
    asked: tuple[HeldLink, ...]
    doubtful: tuple[HeldLink, ...]


def concerned(
    intent: Disowning,
    links: Sequence[HeldLink],
    *,
    answered: Collection[int],
    told: Collection[int],
    since: datetime,
) -> Concern:
    """Whom `intent` concerns among `links` of the number.

    `answered` are the accounts of the message answered, `told` those the number was told about in the last
    90 days, `since` is when the message went out.
    """
    live = [link for link in links if link.state in ("unverified", "verified")]
    if intent == "wrong_number":
        meant = live
        asked: list[HeldLink] = []
    else:
        premises = {(link.premise_id, link.address) for link in links if link.account_id in answered}
        ids, addresses = {premise for premise, _ in premises}, {address for _, address in premises}
        meant = [
            link
            for link in live
            if link.account_id in answered
            or (link.account_id in told and (link.premise_id in ids or link.address in addresses))
        ]
        meant_ids = {link.link_id for link in meant}
        asked = [link for link in live if link.account_id in told and link.link_id not in meant_ids]
    doubtful = [link for link in meant if link.verified_at is not None and link.verified_at > since]
    return Concern(
        stopped=tuple(link for link in meant if link not in doubtful),
        asked=tuple(asked),
        doubtful=tuple(doubtful),
    )
