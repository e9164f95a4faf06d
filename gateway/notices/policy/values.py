"""What a decision is made from, and what it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from gateway.notices.policy.table import USUAL, Matter, Reason, Role
from gateway.outbox.hours import HoursClass, Quiet

_NOTHING: Final[frozenset[str]] = frozenset()
#: Below this a contact is more likely wrong than right.
_EVEN: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A contact of the account, with what is known of the number behind it."""

    role: Role
    state: Literal["unverified", "verified", "suspended", "revoked"]
    link_id: int = 0
    contact_point_id: int = 0
    is_default: bool = False
    verified_at: datetime | None = None
    #: Brought by a correction or a proposal and not proven yet: it is told no amount.
    needs_proof: bool = False
    #: Whether a text can reach the number at all.
    line: Literal["mobile", "landline", "unknown", "invalid"] = "mobile"
    number_state: Literal["active", "unreachable", "retired"] = "active"
    #: Purposes refused on the number; `all` for every purpose.
    opt_outs: frozenset[str] = _NOTHING
    #: Purposes its owner asked for.
    consents: frozenset[str] = _NOTHING
    #: The number stands on too many unrelated accounts.
    shared: bool = False
    #: The number is a staff member's; it is never a customer's contact.
    of_staff: bool = False
    #: The place of its channel among those the text may use.
    place: int = 0
    #: When its person wants no texts.
    quiet: Quiet | None = None
    #: How likely it reaches somebody who belongs to the account, in steps of 0.05; None where nobody reckoned it.
    trust: float | None = None

    @property
    def doubted(self) -> bool:
        """Whether it is more likely wrong than right."""
        return self.trust is not None and self.trust < _EVEN


@dataclass(frozen=True, slots=True)
class Paused:
    """The reminders of an account are paused until a moment, for a reason of the contract and in words."""

    reason: Reason
    because: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An account as far as the decision needs it. `zone` and `region` are those of the service address.

    A text to a number rather than an account takes that number's links; a number without any is a link of
    its own in the state `unverified`.
    """

    links: Sequence[Link]
    zone: ZoneInfo
    region: str
    #: The archive says the account wants no texts: a refusal of every purpose.
    sms_opt_out: bool = False
    #: The segments the account is in (`gateway.archive.segments`).
    segments: frozenset[str] = _NOTHING
    #: The customer reported the fault that the text is about.
    reported: bool = False
    paused: Paused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be said: a template's kind, class, purpose and hours, and how the matter behind it stands."""

    kind: str
    klass: str
    purpose: str
    hours: HoursClass
    not_before: datetime | None = None
    expires_at: datetime | None = None
    matter: Matter = "open"
    #: The channels it may use, the first choice first.
    channels: tuple[str, ...] = USUAL
    #: It goes on with what was asked already: how often its kind goes to a person does not count.
    goes_on: bool = False
    #: Whether its channels were left open, so that a person's own choice decides.
    any_channel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was sent to this person, or stands queued: the last moments that count for frequency."""

    last_by_kind: Mapping[str, datetime] = field(default_factory=dict)
    last_commercial_at: datetime | None = None
    #: When the very same text went to the same number.
    same_text_at: datetime | None = None


FRESH: Final = History()


@dataclass(frozen=True, slots=True)
class SendAt:
    """It may leave at `at` (UTC), within hours that end at `closes`; then it is deferred anew.

    `link` is the contact to write to, None where the text answers a number. `masked`: say no amount.
    """

    at: datetime
    closes: datetime | None
    because: str
    link: Link | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Withhold:
    """It is not sent, for a reason of the contract."""

    reason: Reason
    because: str


@dataclass(frozen=True, slots=True)
class Expire:
    """Its validity ends before it may leave."""

    because: str


Decision = SendAt | Withhold | Expire
