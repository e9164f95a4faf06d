"""Bills and arrears: one text for a person with several accounts, in the tone asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.kernel.errors import InvalidInput
from gateway.notices.kinds import Moment, NoticeKind, PlainKind, Row, Saying
from gateway.notices.ladder.texts import RUN, StageTexts, say_arrears
from gateway.notices.policy import Policy

# What is open is what was billed less what has been paid since; a settled bill is no subject.
_OPEN_BILLS: Final = """
SELECT bill.id AS subject_id, bill.account_id, 'bill:' || account.account_no || ':' || bill.billing_month AS ground,
       NULL::bigint AS own_point, account.account_no, bill.amount - bill.paid AS amount, bill.due_date
FROM bill JOIN account ON account.id = bill.account_id
WHERE bill.billing_month = $1::jsonb ->> 'billing_month' AND bill.settled_at IS NULL AND bill.overdue = {overdue}
"""


def _about(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A billing month; or, from the ladder, a run of one of its stages."""
    if RUN in asked:
        return {name: str(asked[name]) for name in ("stage", "template", RUN)}
    month = str(asked.get("billing_month") or "")
    if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", month):
        raise InvalidInput("a billing month is written YYYYMM, such as 202510", field="billing_month")
    return {"billing_month": month}


class Arrears(PlainKind):
    """Accounts on the arrears list of a billing month that have not been paid since."""

    name = "arrears"
    template = "arrears"
    merges = True
    gone = "paid"
    subjects = _OPEN_BILLS.format(overdue="true")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return _about(asked)

    def of(self, about: Mapping[str, Any]) -> NoticeKind:
        return StageTexts(self.name, about["template"], self._policy) if RUN in about else self

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        return say_arrears(subjects, moment)


class Bills(PlainKind):
    """Bills of a month as they were issued."""

    name = "bill"
    template = "bill"
    merges = False
    gone = "paid"
    subjects = _OPEN_BILLS.format(overdue="false")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return _about(asked)

    def of(self, about: Mapping[str, Any]) -> NoticeKind:
        return StageTexts(self.name, about["template"], self._policy) if RUN in about else self

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        only = subjects[0]
        if moment.masked:
            return Saying("bill_masked", {"account_tail": only["account_no"], "due": only["due_date"]})
        return Saying("bill", {"account_tail": only["account_no"], "amount": only["amount"], "due": only["due_date"]})
