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
#: An agent who has disowned so many of them, and every fifth, left a number on accounts of others and acts for none.
_GIVEN_UP: Final = 3
#: More likely wrong than right below this.
_EVEN: Final = 0.5
#: Accounts are imported in the order of the utility's list; a row that slips comes to the one before or after.
_NEXT: Final = 1
#: From this on a link is likely right beside one that is doubted.
_LIKELY: Final = 0.7
#: So many accounts are taken for the one that was meant, where nothing speaks against them but that their records
#: changed, or that their holders gave other numbers, which most of a landlord's tenants do.
_CHANGED: Final = 4
_GUESSED: Final = 2
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
    #: How likely it was thought right; None where nobody reckoned it.
    probability: float | None = None
    #: Whether somebody's word stopped it, or a decision.
    of_word: bool = False
    #: Whether a correction or the customer brought it, and no list.
    given: bool = False
    #: Whether the account came to another holder since the link was written down and confirmed; and when its record
    #: was changed since, by none of its contacts, or its holder gave another number.
    came_to_another: bool = False
    changed_on: date | None = None
    superseded_on: date | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """The accounts that words speak of, and those of which they may speak as well until somebody says which."""

    accounts: frozenset[int]
    maybe: frozenset[int] = frozenset()


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
    spared: Collection[int] = (),
    by_code: bool = False,
) -> Concern:
    """Whom `intent` concerns among `links` of the number.

    `answered` are the accounts of the message answered, `told` those the number was told about in the last
    90 days, `since` is when the message went out. `spared` are accounts that are the number's own for all that is
    known (`Spoken.maybe`); `by_code`: it was a no to the question whether the number is right.
    """
    live = [link for link in links if link.state in ("unverified", "verified")]
    disowned = [link for link in links if link.account_id in answered]
    moved_from = _of_the_household(live, disowned, told, by_code)
    asked: list[HeldLink] = []
    standing: list[HeldLink] = []
    if intent == "wrong_number":
        known = {link.link_id for link in moved_from}
        standing = [
            link
            for link in live
            if link.link_id not in known and (link.account_id in spared or _stands(link, disowned, links, since))
        ]
        if _gives_up_many(links, len(live) - len(standing)):
            # An agent who disowns many with one word acts for none of the others.
            standing = [
                link
                for link in standing
                if link.account_id in spared or link.role != "agent" or link.given or _confirmed(link, since)
            ]
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


def unsaid(links: Sequence[HeldLink], told: Collection[int], concern: Concern, since: datetime) -> tuple[HeldLink, ...]:
    """Of the accounts that a number was just told of, those that words which name nobody may mean beside `concern`.

    However likely each is its own: whichever was meant, no more texts about it may follow (promise P3). What was
    confirmed after the message (`since`) is a person's to judge.
    """
    stopped = {link.link_id for link in concern.stopped}
    return tuple(
        link
        for link in links
        if link.state in ("unverified", "verified")
        and link.account_id in told
        and link.link_id not in stopped
        and (link.verified_at is None or link.verified_at <= since)
    )


def meant_by(newest: Collection[int], recent: Collection[int], links: Sequence[HeldLink], since: datetime) -> Spoken:
    """Which accounts words speak of that name nobody, where the number was just told of several.

    `newest` are the accounts of the newest message, `recent` those of all that went out shortly before the words.
    Any of them may be meant, so all are that the archive does not surely show to be the number's own: a report that
    is laid on the wrong text is a report ignored. Where all are its own, the likeliest is meant, and the rest that
    were not confirmed lately may be, until somebody says which.
    """
    live = [link for link in links if link.state in ("unverified", "verified")]
    told = [link for link in live if link.account_id in newest or link.account_id in recent]
    if not any(link.account_id in newest for link in told):
        return Spoken(frozenset(newest))
    unsure = [link for link in told if not _surely_stands(link, told, links, since)]
    if unsure:
        spared = _far_likelier(unsure)
        return Spoken(frozenset(link.account_id for link in unsure) - spared, spared)
    open_to_doubt = [link for link in told if not _confirmed(link, since)]
    chosen = _likeliest(open_to_doubt) or frozenset(newest)
    return Spoken(chosen, frozenset(link.account_id for link in open_to_doubt) - chosen)


def _far_likelier(told: Sequence[HeldLink]) -> frozenset[int]:
    """Of several people's accounts those that are likely right, where others are more likely wrong than right."""
    doubted = [link for link in told if (link.probability or 1) < _EVEN]
    return frozenset(
        link.account_id
        for link in told
        if doubted and (link.probability or 0) >= _LIKELY and not any(_one_person(link, other) for other in doubted)
    )


def _likeliest(told: Sequence[HeldLink]) -> frozenset[int]:
    """Which of somebody's accounts is most likely none of theirs any more; none where nothing speaks against any."""
    doubted = [link for link in told if _passed_on(link) or (link.probability or 1) < _EVEN]
    if doubted:
        return frozenset(link.account_id for link in doubted)
    changed = sorted((link.changed_on, link.account_id) for link in told if link.changed_on is not None)
    superseded = sorted((link.superseded_on, link.account_id) for link in told if link.superseded_on is not None)
    # What changed last is what somebody complains of.
    return frozenset(account for _, account in changed[-_CHANGED:] or superseded[-_GUESSED:])


def _passed_on(link: HeldLink) -> bool:
    return link.came_to_another and fit(link.name, link.holder) is not Fit.SAME


def _surely_stands(link: HeldLink, told: Sequence[HeldLink], links: Sequence[HeldLink], since: datetime) -> bool:
    """Whether a link is the answering person's own by more than its dates."""
    others = [other for other in told if other is not link and not _one_person(other, link)]
    if _has_left(link, others) or _disowned_before(link, links):
        return False
    return _confirmed(link, since) or _pays_for_many(link, links) or _is_named_beside(link, others, links, since)


def _of_the_household(
    live: Sequence[HeldLink], disowned: Sequence[HeldLink], told: Collection[int], by_code: bool
) -> list[HeldLink]:
    """The accounts of the message answered, and those told of that share their address."""
    accounts = {link.account_id for link in disowned}
    if by_code:
        # "Not this number" to a question about one account says it of the same holder's own other accounts too.
        accounts |= {
            link.account_id
            for link in live
            if _is_own(link) and any(one.role == "holder" and _one_person(link, one) for one in disowned)
        }
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
    if _has_left(link, disowned) or _disowned_before(link, links):
        return False
    if link.given or _confirmed(link, since) or _is_next_to(link, disowned):
        return True
    if link.role in _FOR_OTHERS and link.name:
        # A bulk payer who has nothing to do with one account any more.
        return _pays_for_many(link, links)
    if _is_named_beside(link, disowned, [one for one in links if one not in disowned], since):
        return True
    if fit(link.name, link.holder) not in (Fit.SAME, Fit.SHOP):
        return False
    if any(other.name and link.name and same_person(other.name, link.name) for other in disowned):
        # The name beside the disowned account is that of this one's holder: a row of a list has slipped.
        return True
    dates = [other.said_on for other in disowned]
    return link.said_on is not None and all(said is not None and link.said_on - said >= _LATER for said in dates)


def _is_next_to(link: HeldLink, disowned: Sequence[HeldLink]) -> bool:
    """Whether a row of a list has slipped: the number is that of the holder next door, under whose name it stands."""
    return (
        len(disowned) == 1
        and fit(link.name, link.holder) is Fit.SAME
        and abs(link.account_id - disowned[0].account_id) <= _NEXT
    )


def _confirmed(link: HeldLink, since: datetime) -> bool:
    return link.verified_at is not None and since - link.verified_at < _CONFIRMED and not _passed_on(link)


def _pays_for_many(link: HeldLink, links: Sequence[HeldLink]) -> bool:
    """Whether a number is that of somebody who pays or acts for many, and no agent who gave up a good part of them."""
    many = sum(one.role in _FOR_OTHERS for one in links) >= _MANY
    left = link.role == "agent" and _gives_up_many(links)
    return link.role in _FOR_OTHERS and bool(link.name) and many and not left


def _gives_up_many(links: Sequence[HeldLink], now: int = 0) -> bool:
    """Whether a good part of a number's links were disowned, with so many that are disowned now."""
    gone = now + sum(one.of_word for one in links)
    return gone >= _GIVEN_UP and gone * 5 >= len(links)


def _is_named_beside(link: HeldLink, others: Sequence[HeldLink], own: Sequence[HeldLink], since: datetime) -> bool:
    """Whether the archive names who answers: this link's holder is written down as that of another account that is
    in question; or somebody of whom that is known, or who was confirmed, pays or acts for this one. `own` are the
    links that may be that person's.
    """
    if link.role == "holder":
        return any(one.role == "holder" and one.name and same_person(one.name, link.holder) for one in others)
    return bool(link.name) and any(
        mine.role == "holder"
        and same_person(link.name or "", mine.holder)
        and (_confirmed(mine, since) or _is_named_beside(mine, [one for one in others if one is not mine], own, since))
        for mine in own
        if mine is not link and mine.holder and mine.state in ("unverified", "verified")
    )


def _is_own(link: HeldLink) -> bool:
    """Whether a number stands on an account as its holder's own."""
    return link.role == "holder" and fit(link.name, link.holder) is Fit.SAME


def _disowned_before(link: HeldLink, links: Sequence[HeldLink]) -> bool:
    """Whether the number was disowned for another account of the same person, whose own it was said to be."""
    return any(
        one.state in ("suspended", "revoked") and one.of_word and one is not link and _one_person(one, link)
        for one in links
        if _is_own(link) and one.role == "holder"
    )


def _has_left(link: HeldLink, disowned: Sequence[HeldLink]) -> bool:
    """Whether who answers is the holder of another account, and this one has another holder by now."""
    stranger = link.role == "holder" and bool(link.name) and fit(link.name, link.holder) is Fit.OTHER
    return stranger and any(other.holder and same_person(link.name or "", other.holder) for other in disowned)


def _one_person(one: HeldLink, other: HeldLink) -> bool:
    return one.customer_id == other.customer_id or bool(one.holder and same_person(one.holder, other.holder))
