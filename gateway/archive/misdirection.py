"""Judging misdirection: whom a customer's "not me" concerns (domain notes §7).

Judgement is passed on links: a number can be right for one account and wrong for another. A stranger disowns every
account that the number stands for, but not one that the archive shows to be that stranger's own: written down
later, under the name that answers, or confirmed lately. One who moved disowns the account of the message answered,
and what shares its address. Whatever was confirmed after the message went out is a person's to judge: somebody
with the number in hand has said the contrary since.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from gateway.archive.names import Fit, fit, same_person

#: The intents that say a number does not belong to an account.
Disowning = Literal["wrong_number", "moved_or_sold"]
DISOWNING: Final = ("wrong_number", "moved_or_sold")
#: How long a confirmation of one account outweighs that another account was disowned.
_CONFIRMED: Final = timedelta(days=183)
#: How much later a link must have been written down to be the new holder's own: numbers rest some months.
_LATER: Final = timedelta(days=90)
#: So many accounts under one contact's name are somebody's who pays or acts for many.
_MANY: Final = 4
_FOR_OTHERS: Final = frozenset(("payer", "agent", "landlord"))


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
    #: Whose account it is, who answers by what the archive says, in which role, and since when that is known.
    customer_id: int = 0
    holder: str = ""
    name: str | None = None
    role: str = "holder"
    said_on: date | None = None
    #: The contact point of the number.
    point_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """What follows for each link: `stopped` now, `asked` about, or `doubtful` and left to a person.

    `standing` are somebody else's accounts that the number rightly stands for, as far as the archive tells.
    """

    stopped: tuple[HeldLink, ...]
    asked: tuple[HeldLink, ...]
    doubtful: tuple[HeldLink, ...]
    standing: tuple[HeldLink, ...] = ()


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
    disowned = [link for link in links if link.account_id in answered]
    moved_from = _of_the_household(live, disowned, told)
    asked: list[HeldLink] = []
    standing: list[HeldLink] = []
    if intent == "wrong_number":
        known = {link.link_id for link in moved_from}
        standing = [link for link in live if link.link_id not in known and _stands(link, disowned, links, since)]
        kept = {link.link_id for link in standing}
        meant = [link for link in live if link.link_id not in kept]
    else:
        meant = moved_from
        meant_ids = {link.link_id for link in meant}
        asked = [link for link in live if link.account_id in told and link.link_id not in meant_ids]
    doubtful = [link for link in meant if link.verified_at is not None and link.verified_at > since]
    return Concern(
        stopped=tuple(link for link in meant if link not in doubtful),
        asked=tuple(asked),
        doubtful=tuple(doubtful),
        standing=tuple(standing),
    )


def meant_by(newest: Collection[int], recent: Collection[int], links: Sequence[HeldLink], since: datetime) -> set[int]:
    """Which accounts words speak of that name nobody, where the number was just told of several.

    `newest` are the accounts of the newest message, `recent` those of all that went out shortly before the words.
    The newest is meant, unless it is the number's own by what the archive shows, and another of them is not.
    """
    live = [link for link in links if link.state in ("unverified", "verified")]
    own = [link for link in live if link.account_id in newest]
    others = [link for link in live if link.account_id in recent and not any(_one_person(link, one) for one in own)]
    if own and others and all(_stands(link, others, links, since) for link in own):
        return {link.account_id for link in others}
    return set(newest)


def _of_the_household(live: Sequence[HeldLink], disowned: Sequence[HeldLink], told: Collection[int]) -> list[HeldLink]:
    """The accounts of the message answered, and those told of that share their address."""
    accounts = {link.account_id for link in disowned}
    ids, addresses = {link.premise_id for link in disowned}, {link.address for link in disowned}
    return [
        link
        for link in live
        if link.account_id in accounts
        or (link.account_id in told and (link.premise_id in ids or link.address in addresses))
    ]


def _stands(link: HeldLink, disowned: Sequence[HeldLink], links: Sequence[HeldLink], since: datetime) -> bool:
    """Whether a link of the number is the answering person's own, though another account was disowned."""
    if not disowned or any(_one_person(link, other) for other in disowned):
        return False
    if _has_left(link, disowned):
        return False
    if link.verified_at is not None and since - link.verified_at < _CONFIRMED:
        return True
    if link.role in _FOR_OTHERS and link.name:
        # A bulk payer who has nothing to do with one account any more.
        return sum(other.role in _FOR_OTHERS for other in links) >= _MANY
    if link.role == "holder" and any(other.name and same_person(other.name, link.holder) for other in disowned):
        # The name beside the disowned account is that of this one's holder, who has left the other.
        return True
    if fit(link.name, link.holder) not in (Fit.SAME, Fit.SHOP):
        return False
    if any(other.name and link.name and same_person(other.name, link.name) for other in disowned):
        # The name beside the disowned account is that of this one's holder: a row of a list has slipped.
        return True
    dates = [other.said_on for other in disowned]
    return link.said_on is not None and all(said is not None and link.said_on - said >= _LATER for said in dates)


def _has_left(link: HeldLink, disowned: Sequence[HeldLink]) -> bool:
    """Whether who answers is the holder of another account, and this one has another holder by now."""
    stranger = link.role == "holder" and bool(link.name) and fit(link.name, link.holder) is Fit.OTHER
    return stranger and any(other.holder and same_person(link.name or "", other.holder) for other in disowned)


def _one_person(one: HeldLink, other: HeldLink) -> bool:
    return one.customer_id == other.customer_id or bool(one.holder and same_person(one.holder, other.holder))
