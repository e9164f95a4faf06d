"""The values that go into a reading and come out of it.

`Context` is the question that was open when the customer wrote, `Turn` one line of a dialogue, and
`Reading` what was understood. The names of intents and kinds are those of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INTENTS: frozenset[str] = frozenset(
    [
        "score",
        "comment",
        "wrong_number",
        "moved_or_sold",
        "not_account_holder",
        "opt_out",
        "opt_in",
        "complaint",
        "broken_commitment",
        "false_closure",
        "repeat_appeal",
        "billing_dispute",
        "payment_made",
        "payment_promise",
        "payment_question",
        "payment_extension",
        "outage_report",
        "outage_question",
        "restored_confirm",
        "not_restored",
        "ack",
        "thanks",
        "human",
        "help",
        "safety_urgent",
        "abuse",
        "unclear",
    ]
)

# Every kind of message the gateway sends, and the question it is read as. The left column is what
# callers say; the right one is what the rules know.
KINDS: Mapping[str, str] = {
    "survey": "survey",
    "arrears": "arrears",
    "outage_planned": "outage_planned",
    "outage_fault": "outage_fault",
    "restoration": "restoration",
    "vip_followup": "vip_followup",
    "contact_confirm": "contact_confirm",
    "none": "none",
    "bill": "arrears",
    "legal_notice": "arrears",
    "payment_confirm": "arrears",
    "outage_update": "outage_fault",
    "followup": "vip_followup",
    "verification": "none",
    "apology": "none",
    "opt_out_confirm": "none",
    "clarification": "none",
    "case_progress": "none",
    "advice": "none",
    "announcement": "none",
}

# What a digit means where the open question does not declare its own codes.
CODES_BY_KIND: Mapping[str, Mapping[str, str]] = {
    "survey": {"9": "false_closure"},
    "restoration": {"1": "restored_confirm", "2": "not_restored", "0": "wrong_number"},
    "contact_confirm": {"1": "ack", "2": "wrong_number", "3": "not_account_holder"},
}

SURVEY_SCALE = (1, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The question that was open on the number when the reply came.

    `kind` is a kind of message (`KINDS`). `scale` is the survey's lowest and highest figure, or None where
    no rating was asked. `hours_since` is the age of the question in hours, None if unknown. `codes` maps a
    bare digit to an intent as the template declares it; None means those of the kind.
    """

    kind: str = "none"
    scale: tuple[int, int] | None = None
    hours_since: float | None = None
    codes: Mapping[str, str] | None = None

    @property
    def topic(self) -> str:
        """The kind as the rules know it; an unknown kind reads as `none`."""
        return KINDS.get(self.kind, "none")

    @property
    def rating(self) -> tuple[int, int] | None:
        """The scale of the rating that was asked, or None."""
        if self.topic == "survey":
            return self.scale or SURVEY_SCALE
        return self.scale

    @property
    def meanings(self) -> Mapping[str, str]:
        """What a bare digit means, apart from the figures of a scale."""
        if self.codes is not None:
            return self.codes
        return CODES_BY_KIND.get(self.topic, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One line of a dialogue: `role` is `utility` or `customer`; `at_hours` counts from any common start."""

    role: str
    text: str
    kind: str = "none"
    scale: tuple[int, int] | None = None
    at_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was understood.

    `intents` has the main one first and is never empty. `score` is a figure on the open scale, or None.
    `urgent` asks for a person within minutes, whatever else is set. `abstain` leaves the decision to a
    person. `because` names the rules that spoke, in words for an admin. `version` is the reader's.
    `score_turn` is the index of the survey turn which the score answers, in a dialogue. `withdraws`: a rating
    given before is taken back. `machine`: written by or for a program, so that no answer is owed to it.
    `guessed`: no rule knew the words; the main intent is what they are most like.
    """

    intents: tuple[str, ...]
    score: int | None
    urgent: bool
    abstain: bool
    because: tuple[str, ...]
    version: str
    score_turn: int | None = None
    withdraws: bool = False
    machine: bool = False
    guessed: bool = False

    @property
    def heard(self) -> tuple[str, ...]:
        """The intents that rules heard, which likeness alone does not add to."""
        return ("unclear",) if self.guessed else self.intents
