"""The reviewed table of what speaks for and against a contact link (domain notes §5.2). Pure.

A weight is in log-odds: above zero the mark makes it likelier that the link reaches somebody who belongs to the
account, below zero less likely. These are where the model starts; outcomes move them (`model.fit`), but for the
fixed ones, which are somebody's own word. A mark with a reason is a finding: with it a doubt is strong enough to
open a correction, once the whole of the marks makes the link unlikely enough.

Families, landlords, agents and firms are normal: a number on many accounts is no mark, only one that claims to be
many different people is. An opt-out is no mark either: a refusal is not an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that is seen of a link. `words` say it to whoever decides; `reason` is that of a correction."""

    name: str
    weight: float
    words: str
    reason: str | None = None
    fixed: bool = False


MARKS: Final[tuple[Mark, ...]] = (
    # Somebody's word.
    Mark("proven", 3.5, "was confirmed in the last 18 months", fixed=True),
    Mark("proven_before", 1.0, "was confirmed once, more than 18 months ago"),
    Mark("kept", 4.0, "a person decided that it is right", fixed=True),
    # What the link says of itself.
    Mark("relative", 0.2, "a relative of the holder"),
    Mark("payer", 0.4, "pays for the holder"),
    Mark("tenant", -0.6, "a tenant, and tenants move"),
    Mark("agent", -0.6, "somebody who acts for the holder"),
    Mark("landlord", 0.2, "the landlord"),
    Mark("same_name", 0.5, "the contact's name is the holder's"),
    Mark("kin_name", 0.0, "the contact has the holder's surname"),
    Mark("other_name", -1.2, "the contact is written down as the holder, but the name fits nobody on the account"),
    Mark("no_name", -0.2, "the contact has no name"),
    Mark("of_group", 0.6, "the account is that of a firm or body"),
    Mark("by_batch", -0.6, "registered in a batch or by an agent"),
    Mark("by_field", -0.2, "registered in the field or taken over from an older system"),
    Mark("old", -0.5, "written down more than eight years ago"),
    Mark("fresh", 0.6, "written down in the last two years"),
    # What the archive gives away elsewhere.
    Mark("corroborated", 0.4, "the same number stands on another account of the same person"),
    Mark("staff", -6.0, "the number of a member of staff", "staff_number", fixed=True),
    Mark("many_names", -3.6, "one number claims to be many different people", "shared_number"),
    Mark("placeholder", -4.5, "a number that stands in where nobody knew one", "placeholder"),
    Mark("transferred", -4.2, "the account came to another holder after the link was written down", "transfer"),
    Mark("former_owner", -2.6, "the name fits nobody, and the account was changed after the link was", "transfer"),
    Mark("displaced", -1.6, "the holder stands on the account with another number", "name_mismatch"),
    Mark("later_elsewhere", -4.6, "the number was registered later elsewhere under another name", "name_mismatch"),
    Mark("later_with_kin", -0.6, "the number was registered later by somebody who may be of the family"),
    Mark("neighbours_name", -3.2, "the name is that of the holder next door: a list may have slipped", "name_mismatch"),
    Mark("newer_number", -4.4, "the same person's number was changed on another account, or here", "newer_number"),
    Mark("replaced", -3.2, "the account has a newer contact of the same role", "newer_number"),
    Mark("near_miss", -4.4, "one digit from the same person's better known number", "near_miss"),
    Mark("near_twin", -1.0, "one digit from another number of the same person"),
    Mark("wrong_nearby", -0.7, "a contact of the accounts next to it proved wrong"),
    Mark("wrong_around", -1.5, "several contacts of the accounts next to it proved wrong"),
    Mark("disowned_by_same", -2.6, "the number was disowned for another account of the same person"),
    Mark("disowned_for_other", -0.8, "the number was disowned for somebody else's account"),
    Mark("confirmed_by_same", 1.8, "the number was confirmed for another account of the same person"),
    Mark("confirmed_for_other", -1.4, "the number was confirmed for somebody else's account"),
    Mark("other_confirmed", -0.8, "another number of the holder was confirmed for the account"),
    Mark("silent", -0.4, "nobody answered two contact checks or more"),
    # What somebody who knows numbers says.
    Mark("looked_up_recycled", -4.0, "a look-up says that the number was given to somebody else since", "lookup"),
    Mark("looked_up_mismatch", -1.2, "a look-up says that the number is in another name"),
    Mark("looked_up_match", 2.5, "a look-up says that the number is in the holder's name"),
    # Marks are kept as bits by their places: new ones come last.
    Mark("another_number", -2.8, "the same person opened another account with another number", "newer_number"),
)
BITS: Final = {mark.name: place for place, mark in enumerate(MARKS)}
#: Findings about a number, whatever account it stands on.
OF_THE_NUMBER: Final = frozenset(("staff", "placeholder", "many_names"))
#: The log-odds of a link of which nothing is known.
BASE: Final = 1.7
INTERCEPT: Final = "base"


def bit(name: str) -> int:
    """The mark as a bit."""
    return 1 << BITS[name]


def of(marks: int) -> tuple[Mark, ...]:
    """The marks in a set of bits."""
    return tuple(mark for place, mark in enumerate(MARKS) if marks >> place & 1)


def together(names: Iterable[str]) -> int:
    """Marks as bits."""
    return sum({bit(name) for name in names})


#: Bits that an outcome itself sets: they must not teach the model what it is asked.
TOLD_BY_OUTCOMES: Final = together(("proven", "proven_before", "kept"))
