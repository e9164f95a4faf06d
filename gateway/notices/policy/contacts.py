"""Which contact of an account is written to, and whether it was proven."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.notices.policy.table import DEFAULT, PolicyTable
from gateway.notices.policy.values import Link, Wish, Withhold

_NO_CONTACT: Final = Withhold("no_contact", "the account has no contact")
# The most telling first: it is given as the reason where every contact is barred.
_BARRED: Final = (
    Withhold("misdirected", "the contact is under suspicion of belonging to somebody else"),
    Withhold("revoked", "the contact is known to be wrong"),
    Withhold("shared_number", "the number belongs to staff or to too many households"),
    Withhold("unreachable", "the number is out of service"),
    Withhold("invalid_number", "no text can reach the number: it is a landline or malformed"),
)
_MISDIRECTED, _REVOKED, _SHARED, _UNREACHABLE, _INVALID = _BARRED
_BAR_RANK: Final = {id(bar): rank for rank, bar in enumerate(_BARRED)}
#: What the default contact is given before the others, and what is thought of one that nobody reckoned.
_DEFAULT_FIRST: Final = 0.15
_UNRECKONED: Final = 0.85
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def choose_link(links: Sequence[Link], table: PolicyTable = DEFAULT) -> Link | Withhold:
    """Pick the contact to write to: on the first channel there is, the default where usable, otherwise by role.

    Among equals a proven contact comes first, then the one proven last. Where none is usable the answer is
    the most telling reason. A refusal does not pass the text on to somebody else, so it plays no part here.
    """
    best: Link | None = None
    worst: Withhold = _NO_CONTACT
    for link in links:
        bar = _barred(link, table)
        if bar is not None:
            if worst is _NO_CONTACT or _BAR_RANK[id(bar)] < _BAR_RANK[id(worst)]:
                worst = bar
        elif best is None or _preference(link, table) < _preference(best, table):
            best = link
    return worst if best is None else best


def channels_for(wish: Wish, segments: Collection[str], table: PolicyTable = DEFAULT) -> tuple[str, ...]:
    """The channels a text may use, the first choice first: those it names, or else those of the segment."""
    return (table.channels_of(segments) if wish.any_channel else None) or wish.channels


def goes_on_to(channel: str, channels: Sequence[str]) -> Sequence[str]:
    """The channels on which a text may go on; one that its person chose beside those named goes on on all of them."""
    return channels[channels.index(channel) + 1 :] if channel in channels else channels


def is_proven(link: Link, at: datetime, table: PolicyTable = DEFAULT) -> bool:
    """Whether the contact was proven recently enough to be trusted with an amount."""
    return link.state == "verified" and link.verified_at is not None and at - link.verified_at < table.trust_lasts


def _barred(link: Link, table: PolicyTable) -> Withhold | None:
    if link.state == "suspended":
        return _MISDIRECTED
    if link.state == "revoked":
        return _REVOKED
    if link.of_staff or (link.shared and table.stop_shared_numbers):
        return _SHARED
    if link.number_state != "active":
        return _UNREACHABLE
    if link.line == "landline" or link.line == "invalid":
        return _INVALID
    return None


def _preference(link: Link, table: PolicyTable) -> tuple[bool, int, float, bool, int, bool, timedelta, int, int]:
    """The default, unless it is more likely wrong than right or another is clearly likelier; then by role."""
    proven_at = link.verified_at or _EARLIEST
    trust = _UNRECKONED if link.trust is None else link.trust
    return (
        link.doubted,
        link.place,
        -min(1.0, trust + _DEFAULT_FIRST) if link.is_default else -trust,
        not link.is_default,
        table.role_order.index(link.role),
        link.state != "verified",
        _EARLIEST - proven_at,
        link.link_id,
        link.contact_point_id,
    )
