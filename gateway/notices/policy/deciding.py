"""May we send this text to this recipient, and when: one pure decision (domain notes §7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from gateway.kernel.errors import InvalidInput
from gateway.notices.policy.contacts import choose_link, is_proven
from gateway.notices.policy.table import DEFAULT, PolicyTable, Reason
from gateway.notices.policy.values import (
    Decision,
    Expire,
    History,
    Link,
    Paused,
    Recipient,
    SendAt,
    Wish,
    Withhold,
)
from gateway.outbox.hours import NARROWED, HoursClass, HoursTable, Quiet, describe, next_window

#: Kinds whose texts have a form without the amount.
_WITH_AMOUNTS: Final = frozenset({"arrears", "bill"})
_MATTERS: Final[Mapping[str, Withhold]] = {
    "paid": Withhold("paid", "the bill has been paid"),
    "superseded": Withhold("superseded", "a later notice takes its place"),
    "recovered": Withhold("recovered", "supply is back"),
}
#: Why a person goes or calls instead, by segment; where several speak, the first of these.
_INSTEAD: Final[Mapping[str, Withhold]] = {
    "vulnerable": Withhold("visit_instead", "the household is vulnerable; a person visits or calls instead"),
    "vip": Withhold("visit_instead", "a key account; its account manager speaks to it first"),
}
#: Segments that are reached at any hour with what is urgent.
_URGENT_SEGMENTS: Final = frozenset({"medical_device", "important"})
_ACCOUNT_REFUSES: Final = Withhold("opted_out", "the account wants no texts")
_NOT_CONSENTED: Final = Withhold("not_consented", "nobody has asked for texts of this purpose on the number")
_TOO_SOON_COMMERCIAL: Final = Withhold("frequency_cap", "a text of this class went to the person too recently")
_DUPLICATE: Final = Withhold("duplicate", "the same text went to the number too recently")


def decide(
    recipient: Recipient,
    wish: Wish,
    history: History,
    now: datetime,
    table: PolicyTable = DEFAULT,
) -> Decision:
    """Decide whether, when and to whom a text goes.

    A refusal, a doubt about the contact, or a matter that is settled always withholds; hours only defer, and
    deciding again at the deferred moment gives the same answer. Frequency is measured at the moment the text
    would leave. Raises InvalidInput for a moment without a time zone.
    """
    if now.tzinfo is None:
        raise InvalidInput("a decision needs the present moment with its time zone", field="now")
    if wish.matter != "open":
        return _MATTERS[wish.matter]
    if (pause := is_paused(recipient.paused, wish.kind, now, table)) is not None:
        return pause
    if (instead := _person_instead(recipient, wish, table)) is not None:
        return instead
    link: Link | None = None
    if wish.kind not in table.answers:
        chosen = choose_link(recipient.links, table)
        if type(chosen) is Withhold:
            return chosen
        assert type(chosen) is Link
        link = chosen
        if (refusal := _refused(recipient, link, wish, table)) is not None:
            return refusal
    return _when(recipient, wish, history, now, table, link)


def _person_instead(recipient: Recipient, wish: Wish, table: PolicyTable) -> Withhold | None:
    """Why a person speaks to the account instead, if one does."""
    found = sorted(segment for segment in recipient.segments if wish.kind in table.person_instead.get(segment, ()))
    if not found:
        return None
    told = next((segment for segment in _INSTEAD if segment in found), found[0])
    return _INSTEAD.get(told) or _segment_instead(told)


def is_paused(paused: Paused | None, kind: str, now: datetime, table: PolicyTable = DEFAULT) -> Withhold | None:
    """Why a text of this kind waits, where the account's reminders are paused at the moment."""
    if paused is None or kind not in table.held_kinds or now >= paused.until:
        return None
    return Withhold(paused.reason, paused.because)


def _refused(recipient: Recipient, link: Link, wish: Wish, table: PolicyTable) -> Withhold | None:
    """A refusal, or a consent that is wanting. Law and verification are beyond both."""
    if wish.klass in table.beyond_refusal:
        return None
    if recipient.sms_opt_out:
        return _ACCOUNT_REFUSES
    refused = link.opt_outs
    if refused and (wish.purpose in refused or "all" in refused or table.opt_out_scope == "all"):
        return _opted_out(wish.purpose)
    wanted = wish.klass in table.consent_classes or wish.purpose in table.consent_purposes
    if wanted and wish.purpose not in link.consents:
        return _NOT_CONSENTED
    return None


def _when(
    recipient: Recipient,
    wish: Wish,
    history: History,
    now: datetime,
    table: PolicyTable,
    link: Link | None,
) -> Decision:
    wanted = now if wish.not_before is None or wish.not_before <= now else wish.not_before
    hours = wish.hours
    urgent = (
        hours is HoursClass.OUTAGE
        and wish.kind in table.urgent_kinds
        and (recipient.reported or not _URGENT_SEGMENTS.isdisjoint(recipient.segments))
    )
    if urgent:
        hours = HoursClass.ANY
    quiet = None if link is None else link.quiet
    window = next_window(hours, wanted, recipient.zone, recipient.region, table.hours, quiet)
    at = window.opens
    if wish.expires_at is not None and wish.expires_at <= at:
        return _expired(hours, table.hours)
    if (too_soon := _too_soon(wish, history, at, table)) is not None:
        return too_soon
    masked = (
        link is not None
        and wish.kind in _WITH_AMOUNTS
        and (
            link.needs_proof
            or link.doubted
            or (table.mask_unproven and wish.kind == "arrears" and not is_proven(link, at, table))
        )
    )
    because = _words(
        hours,
        table.hours,
        at > wanted,
        urgent,
        None if link is None else link.role,
        link is not None and link.is_default,
        masked,
        quiet if hours in NARROWED else None,
    )
    return SendAt(at, window.closes, because, link, masked)


def _too_soon(wish: Wish, history: History, at: datetime, table: PolicyTable) -> Withhold | None:
    last = history.last_by_kind.get(wish.kind)
    if last is not None and not wish.goes_on:
        if wish.kind == "arrears" and at - last < table.arrears_gap:
            return _too_soon_words("frequency_cap", wish.kind, table.arrears_gap)
        if wish.kind == "survey" and at - last < table.survey_gap:
            return _too_soon_words("surveyed_recently", wish.kind, table.survey_gap)
    last = history.last_commercial_at
    if wish.klass == "C" and last is not None and at - last < table.commercial_gap:
        return _TOO_SOON_COMMERCIAL
    last = history.same_text_at
    if last is not None and wish.klass != "V" and at - last < table.same_text_gap:
        return _DUPLICATE
    return None


# A large notice gives the same few answers a million times; their words are made once.


@lru_cache(maxsize=256)
def _opted_out(purpose: str) -> Withhold:
    return Withhold("opted_out", f"texts of the purpose {purpose} were refused on the number")


@lru_cache(maxsize=256)
def _too_soon_words(reason: Reason, kind: str, gap: timedelta) -> Withhold:
    hours = int(gap.total_seconds() // 3600)
    span = f"{hours} hours" if hours <= 72 else f"{hours // 24} days"
    return Withhold(reason, f"a text of the kind {kind} went to the person less than {span} before")


@lru_cache(maxsize=64)
def _expired(hours: HoursClass, table: HoursTable) -> Expire:
    return Expire(f"its validity ends before the hours {describe(hours, table)} next allow it")


@lru_cache(maxsize=64)
def _segment_instead(segment: str) -> Withhold:
    return Withhold("visit_instead", f"the account is in the segment {segment}; a person visits or calls instead")


@lru_cache(maxsize=1024)
def _words(
    hours: HoursClass,
    table: HoursTable,
    deferred: bool,
    urgent: bool,
    role: str | None,
    is_default: bool,
    masked: bool,
    quiet: Quiet | None,
) -> str:
    if role is None:
        whom = "to the number that wrote"
    else:
        whom = f"to the {role}, the default contact" if is_default else f"to the {role}, the best usable contact"
    if urgent:
        when = "at any hour, as the supply matters to them urgently"
    else:
        when = f"deferred to the next opening of {describe(hours, table)}" if deferred else describe(hours, table)
    if quiet is not None:
        when += f", not {quiet} by their own wish"
    return f"{whom}; {when}" + ("; without the amount, as the contact is unproven" if masked else "")
