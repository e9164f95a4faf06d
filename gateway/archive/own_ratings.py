"""What customers said of somebody's work when asked about it, kept from whoever did that work (domain notes S0.14,
§4.5.5): the one place where it is said which texts, replies and cases those are.

Each condition is SQL that holds where a row is *not* of that kind; `acting` is an expression for the number of the
member of staff who acts.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.acting import acting_in

#: That a case (`case`) is not what a customer said of the work of a member of staff (`acting`) when asked about it:
#: a bad rating, or a complaint in answer to the question. An order that is opened again stays its handler's to see.
NOT_OWN_CASE: Final = """
NOT ({case}.work_order_no IS NULL AND EXISTS (
  SELECT 1 FROM invitation i WHERE i.event_kind = split_part({case}.matter, ':', 1)
    AND i.event_ref = substr({case}.matter, strpos({case}.matter, ':') + 1) AND i.person_no = {acting}))
"""
#: That a text (`message`, the id) asks no question about their work.
NOT_OWN_QUESTION: Final = """
NOT EXISTS (SELECT 1 FROM invitation i WHERE i.person_no = {acting} AND i.message_id = {message})
AND NOT EXISTS (SELECT 1 FROM invitation_text t JOIN invitation i ON i.id = t.invitation_id
                WHERE i.person_no = {acting} AND t.message_id = {message})
"""
#: That a text (`message`, the id) neither asks about their work nor tells a customer what became of such an answer:
#: that it was sent says what the answer was.
NOT_OWN_TEXT: Final = f"""
{NOT_OWN_QUESTION}
AND NOT EXISTS (
  SELECT 1 FROM (
    SELECT e.case_id FROM case_event e WHERE e.message_id = {{message}}
    UNION ALL SELECT a.id FROM "case" a WHERE a.asked_message_id = {{message}}
    UNION ALL SELECT c.case_id FROM commitment c WHERE c.told_message_id = {{message}}
    UNION ALL SELECT c.case_id FROM commitment_event v JOIN commitment c ON c.id = v.commitment_id
              WHERE v.message_id = {{message}}
  ) AS told JOIN "case" k ON k.id = told.case_id WHERE NOT ({NOT_OWN_CASE.format(case="k", acting="{acting}")}))
"""
#: That a thing whose subject is `subject` (`case:…`, `commitment:…`, anything else) does not hang on such a case, or on
#: what was promised in it.
NOT_OWN_SUBJECT: Final = f"""
NOT EXISTS (
  SELECT 1 FROM "case" k WHERE NOT ({NOT_OWN_CASE.format(case="k", acting="{acting}")}) AND k.id = CASE
    WHEN {{subject}} ~ '^case:[0-9a-f-]{{{{36}}}}$' THEN substr({{subject}}, 6)::uuid
    WHEN {{subject}} ~ '^commitment:[0-9a-f-]{{{{36}}}}$'
    THEN (SELECT c.case_id FROM commitment c WHERE c.id = substr({{subject}}, 12)::uuid) END)
"""
#: The same of a task (`task`).
NOT_OWN_TASK: Final = NOT_OWN_SUBJECT.replace("{subject}", "task.subject")


def not_own(session: AsyncSession, condition: str, **names: str) -> ColumnElement[bool]:
    """One of the conditions for whoever acts in `session`; true where nobody in person does."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None:
        return true()
    hidden: Any = text(condition.format(acting=":acting_staff_no", **names)).bindparams(acting_staff_no=acting.staff_no)
    return and_(true(), hidden)
