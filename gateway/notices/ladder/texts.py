"""What the ladder's texts are about, and what they say: kinds of notice for one run of a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.archive.places import place_of
from gateway.kernel.errors import InvalidInput
from gateway.notices.kinds import Moment, NoticeKind, PlainKind, Row, Saying
from gateway.notices.ladder.late_charge import Charge, charge
from gateway.notices.ladder.rules import Ladder, stop_moment
from gateway.notices.policy import Policy

#: Key of a notice's `about` under which stands the run of the ladder that it tells.
RUN: Final = "run"
#: Days a reminder gives for paying.
DAYS_TO_PAY: Final = 7

_BILL: Final = """
SELECT bill.id AS subject_id, bill.account_id, 'bill:' || account.account_no || ':' || bill.billing_month AS ground,
       NULL::bigint AS own_point, account.account_no, bill.amount - bill.paid AS amount, bill.due_date,
       bill.billing_month, account.tariff_class
"""
_STAGE: Final = f"""{_BILL}
FROM dunning_step step JOIN bill ON bill.id = step.bill_id JOIN account ON account.id = bill.account_id
WHERE step.run_id = ($1::jsonb ->> 'run')::uuid AND bill.settled_at IS NULL
"""
_PROPOSED: Final = f"""{_BILL}, stop.stop_at
FROM disconnection stop JOIN bill ON bill.id = stop.bill_id JOIN account ON account.id = bill.account_id
WHERE stop.run_id = ($1::jsonb ->> 'run')::uuid AND stop.state IN ('proposed', 'announced')
  AND bill.settled_at IS NULL
"""
_FINAL: Final = f"""{_BILL}, stop.stop_at
FROM disconnection stop JOIN bill ON bill.id = stop.bill_id JOIN account ON account.id = bill.account_id
WHERE stop.final_run_id = ($1::jsonb ->> 'run')::uuid AND stop.state = 'final' AND bill.settled_at IS NULL
"""


def charge_of(row: Row, ladder: Ladder, moment: Moment) -> Charge:
    """The late-payment charge on what is open of a bill, today."""
    return charge(
        row["amount"],
        due=row["due_date"],
        billing_month=row["billing_month"],
        tariff_class=row["tariff_class"],
        as_of=moment.today,
        rates=ladder.rates,
    )


class StageTexts(PlainKind):
    """One run of a stage: bills and reminders. All that one number owes goes into one reminder."""

    gone = "paid"
    subjects = _STAGE

    def __init__(self, name: str, template: str, policy: Policy) -> None:
        self.name = name
        self.template = template
        self.merges = name == "arrears"
        self._policy = policy

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        raise InvalidInput("the ladder drafts these by itself", field="kind")

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        ladder, first = self._policy().ladder, subjects[0]
        tail = {"account_tail": first["account_no"]}
        if self.name == "bill" and moment.masked:
            return Saying("bill_masked", {**tail, "due": first["due_date"]})
        if self.template == "bill":
            return Saying("bill", {**tail, "amount": first["amount"], "due": first["due_date"]})
        charges = [charge_of(subject, ladder, moment) for subject in subjects]
        if self.template == "bill_reminder":
            values = {"amount": first["amount"], "due": first["due_date"], "per_day": charges[0].per_day}
            return Saying("bill_reminder", {**tail, **values})
        return say_arrears(subjects, moment, charges if self.template == "arrears_charge" else None)


def say_arrears(subjects: Sequence[Row], moment: Moment, charges: Sequence[Charge] | None = None) -> Saying:
    """What is overdue, for one account or several; with `charges`, what each day of delay adds."""
    pay_by = moment.today + timedelta(days=DAYS_TO_PAY)
    first = subjects[0]
    if moment.masked:
        return Saying("arrears_masked", {"account_tail": first["account_no"], "pay_by": pay_by})
    name, more = "arrears", dict[str, Any](pay_by=pay_by)
    if charges is not None:
        zero = Decimal(0)
        name = "arrears_charge"
        more = {
            "charge": sum((one.amount for one in charges), zero),
            "per_day": sum((one.per_day for one in charges), zero),
        }
    total = sum((subject["amount"] for subject in subjects), Decimal(0))
    # An account may owe for several months.
    accounts = list(dict.fromkeys(subject["account_no"] for subject in subjects))
    if len(accounts) == 1:
        return Saying(name, {"account_tail": accounts[0], "amount": total, **more})
    tails = {"tail_1": accounts[0], "tail_2": accounts[1]}
    return Saying(f"{name}_several", {"count": len(accounts), "total": total, **tails, **more})


class LegalNotices(PlainKind):
    """Notices of disconnection: some days before, and once more shortly before. Only the ladder drafts them."""

    name = "legal_notice"
    merges = False
    gone = "paid"

    def __init__(self, policy: Policy, region: str, zone: ZoneInfo, stage: str = "legal") -> None:
        self._policy = policy
        self._region = region
        self._zone = zone
        self._stage = stage
        self.template = "legal_notice_final" if stage == "final" else "legal_notice"
        self.subjects = _FINAL if stage == "final" else _PROPOSED

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if RUN not in asked:
            raise InvalidInput("the ladder drafts these by itself", field="kind")
        return dict(asked)

    def of(self, about: Mapping[str, Any]) -> NoticeKind:
        return LegalNotices(self._policy, self._region, self._zone, about["stage"])

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        only, ladder = subjects[0], self._policy().ladder
        legal, late = ladder.legal, charge_of(only, ladder, moment)
        stop_at = only["stop_at"]
        if stop_at is None:
            # A draft that is looked at says what approval today would make of it.
            stop_at = stop_moment(moment.now, legal, *place_of(only, self._zone, self._region))
        values = {"account_tail": only["account_no"], "stop_at": stop_at, "restore_hours": legal.restore_hours}
        if self._stage == "final":
            return Saying(self.template, {**values, "amount": only["amount"] + late.amount})
        cost = {"days_overdue": late.days, "amount": only["amount"], "late_charge": late.amount}
        return Saying(self.template, {**values, **cost})


class PrepaymentOffers(PlainKind):
    """Offers of prepayment to those who often pay late and have agreed to be told. Only the ladder drafts them."""

    name = "advice"
    template = "advice_prepayment"
    merges = False
    gone = "superseded"
    subjects = """
SELECT step.id AS subject_id, step.account_id, 'prepayment:' || account.account_no AS ground,
       NULL::bigint AS own_point, account.account_no
FROM dunning_step step JOIN account ON account.id = step.account_id
WHERE step.run_id = ($1::jsonb ->> 'run')::uuid AND step.stage = 'prepayment'
"""

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if RUN not in asked:
            raise InvalidInput("the ladder drafts these by itself", field="kind")
        return dict(asked)

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        return Saying(self.template, {"account_tail": subjects[0]["account_no"]})
