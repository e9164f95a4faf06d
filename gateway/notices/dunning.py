"""Bills and arrears: one text for a person with several accounts, in the tone asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from gateway.kernel.errors import InvalidInput
from gateway.notices.kinds import Moment, PlainKind, Row, Saying

#: Days a reminder gives for paying.
DAYS_TO_PAY: Final = 7

# What is open is what was billed less what has been paid since; a settled bill is no subject.
_OPEN_BILLS: Final = """
SELECT bill.id AS subject_id, bill.account_id, 'bill:' || account.account_no || ':' || bill.billing_month AS ground,
       NULL::bigint AS own_point, account.account_no, bill.amount - bill.paid AS amount, bill.due_date
FROM bill JOIN account ON account.id = bill.account_id
WHERE bill.billing_month = $1::jsonb ->> 'billing_month' AND bill.settled_at IS NULL AND bill.overdue = {overdue}
"""


def _billing_month(asked: Mapping[str, Any]) -> dict[str, Any]:
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

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return _billing_month(asked)

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        pay_by = moment.today + timedelta(days=DAYS_TO_PAY)
        first = subjects[0]
        if moment.masked:
            return Saying("arrears_masked", {"account_tail": first["account_no"], "pay_by": pay_by})
        if len(subjects) == 1:
            values = {"account_tail": first["account_no"], "amount": first["amount"], "pay_by": pay_by}
            return Saying("arrears", values)
        return Saying(
            "arrears_several",
            {
                "count": len(subjects),
                "total": sum((subject["amount"] for subject in subjects), Decimal(0)),
                "tail_1": first["account_no"],
                "tail_2": subjects[1]["account_no"],
                "pay_by": pay_by,
            },
        )


class Bills(PlainKind):
    """Bills of a month as they were issued."""

    name = "bill"
    template = "bill"
    merges = False
    gone = "paid"
    subjects = _OPEN_BILLS.format(overdue="false")

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return _billing_month(asked)

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        only = subjects[0]
        if moment.masked:
            return Saying("bill_masked", {"account_tail": only["account_no"], "due": only["due_date"]})
        return Saying("bill", {"account_tail": only["account_no"], "amount": only["amount"], "due": only["due_date"]})
