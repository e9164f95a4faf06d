"""What of cases is kept from those whose work customers rated (domain notes S0.14, §4.5.5)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.acting import acting_in

#: That a case (`case`) is not what a customer said of the work of a member of staff (`acting`) when asked about it:
#: a bad rating, or a complaint in answer to the question. An order that is opened again stays its handler's to see.
NOT_OWN: Final = """
NOT ({case}.work_order_no IS NULL AND EXISTS (
  SELECT 1 FROM invitation i WHERE i.event_kind = split_part({case}.matter, ':', 1)
    AND i.event_ref = substr({case}.matter, strpos({case}.matter, ':') + 1) AND i.person_no = {acting}))
"""


def not_of_own_ratings(session: AsyncSession) -> TextClause | None:
    """That a case (joined as `case`, or none) is not what a customer said of the work of whoever acts, when he was
    asked about it; None where nobody in person acts."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None:
        return None
    return text(NOT_OWN.format(case='"case"', acting=":acting_staff_no")).bindparams(acting_staff_no=acting.staff_no)
