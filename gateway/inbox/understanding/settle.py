"""From what was heard to one reading: what outweighs what, what comes first, and when a person decides.

Rules speak one by one; here their voices meet. `OUTWEIGHS` and `FIRST` are policy and read as such; the order
in which rules spoke never matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.inbox.understanding.rule import Finding

#: What a person would act on first, from the top.
FIRST: tuple[str, ...] = (
    "safety_urgent",
    "moved_or_sold",
    "wrong_number",
    "false_closure",
    "broken_commitment",
    "opt_in",
    "not_restored",
    "outage_report",
    "complaint!",
    "score",
    "payment_made",
    "not_account_holder",
    "opt_out",
    "payment_extension",
    "billing_dispute",
    "payment_question",
    "payment_promise",
    "outage_question",
    "restored_confirm",
    "human",
    "complaint",
    "repeat_appeal",
    "help",
    "abuse",
    "comment",
    "ack",
    "thanks",
    "unclear",
)
_PLACE = {intent: place for place, intent in enumerate(FIRST)}

_STOPS = frozenset(("wrong_number", "moved_or_sold"))

#: Where the left is heard, the right is not what is meant.
OUTWEIGHS: Mapping[str, frozenset[str]] = {
    # the number stops; the account's opt-outs are left alone, and a stranger rates nothing
    "wrong_number": frozenset(
        ("opt_out", "score", "comment", "help", "ack", "sent_wrongly", "billing_dispute", "human")
    ),
    "moved_or_sold": frozenset(
        ("wrong_number", "sent_wrongly", "opt_out", "comment", "help", "ack", "not_account_holder", "billing_dispute")
    ),
    # a relative is never struck off
    "not_account_holder": frozenset(("wrong_number", "sent_wrongly", "comment", "help", "ack")),
    # the notice is wrong, not the number
    "payment_made": frozenset(("sent_wrongly", "payment_promise", "ack", "comment", "help", "billing_dispute")),
    "billing_dispute": frozenset(("sent_wrongly", "comment", "help", "payment_promise")),
    "payment_extension": frozenset(("payment_promise", "comment", "help", "payment_question", "outage_report")),
    "payment_question": frozenset(("help", "comment")),
    "payment_promise": frozenset(("ack", "comment", "remark")),
    "opt_in": frozenset(("opt_out", "help", "restored_confirm", "comment")),
    "opt_out": frozenset(("ack", "comment", "help")),
    "restored_confirm": frozenset(("ack", "comment")),
    "not_restored": frozenset(("restored_confirm", "outage_report", "ack", "comment", "repeat_appeal")),
    "outage_report": frozenset(("ack", "comment")),
    "outage_question": frozenset(("help", "ack", "comment")),
    "false_closure": frozenset(("comment",)),
    "complaint": frozenset(("comment", "ack")),
    "safety_urgent": frozenset(("ack", "comment", "help", "outage_question")),
    "human": frozenset(("ack", "comment", "help")),
    "help": frozenset(("ack", "comment")),
    "score": frozenset(("ack",)),
    "comment": frozenset(("ack",)),
    "repeat_appeal": frozenset(("comment",)),
    "abuse": frozenset(("comment", "ack")),
}  # fmt: skip

#: Two meanings with different consequences, neither of which outweighs the other: a person decides.
UNDECIDED: tuple[tuple[str, str], ...] = (
    ("wrong_number", "payment_made"),
    ("wrong_number", "payment_promise"),
    ("moved_or_sold", "payment_made"),
    ("moved_or_sold", "payment_promise"),
    ("not_account_holder", "opt_out"),
    ("payment_made", "opt_out"),
    ("payment_made", "payment_extension"),
    ("opt_in", "opt_out"),
)


def settle(heard: Mapping[str, Finding | str]) -> tuple[list[str], bool]:
    """The intents that stand, main first, and whether two of them cannot be decided between."""
    names = set(heard)
    doubt = any(one in names and other in names for one, other in UNDECIDED)
    silenced: set[str] = set()
    for name in sorted(names, key=lambda name: _PLACE.get(name, 99)):
        if name not in silenced:
            silenced |= OUTWEIGHS.get(name, frozenset()) - {name}
    return sorted(names - silenced, key=lambda name: _PLACE.get(name, 99)), doubt


def beside(main: str, others: Sequence[str]) -> list[str]:
    """What of the rules' intents still stands beside a main intent that they did not put first."""
    gone = OUTWEIGHS.get(main, frozenset()) | {main, "unclear"}
    return [name for name in others if name not in gone and main not in OUTWEIGHS.get(name, frozenset())]


def stops(intent: str) -> bool:
    """Whether the intent takes a contact out of use."""
    return intent in _STOPS
