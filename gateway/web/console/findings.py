"""Findings of the sweep, each with what it rests on; many decided at a time, and customers asked where nobody knows."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from aiohttp import web

from gateway.archive import findings as of_sweeps
from gateway.archive.findings import FindingDecision
from gateway.archive.reading import corrections as reading
from gateway.archive.reading import trust
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.notices import Draft
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.console.rendering import masked
from gateway.web.paging import behind, cut

#: Sweeps that the page tells of.
_SWEEPS: Final = 5
#: What can be said of a finding; nothing of it is "later".
ANSWERS: Final = ("wrong", "right", "ask")
_COLUMNS: Final = ("number", "account", "reason", "probability", "because", "opened_at")


class FindingQuery(ListQuery):
    """Which findings."""

    reason: str | None = None


class Decided(Form):
    """Answers come as `a:CASE`."""

    note: str | None = None


async def listing(view: View) -> web.StreamResponse:
    """Findings in the order of opening: the least likely links of a night first."""
    query: FindingQuery = view.query if view.query is not None else FindingQuery()
    found = await reading.findings(
        view.session,
        of_sweeps.OPENED_BY,
        reason=query.reason,
        after=behind("findings", query.cursor, UUID),
        limit=query.limit + 1,
    )
    page = cut("findings", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        return view.csv("findings", [f"findings.{name}" for name in _COLUMNS], _rows(view, page["items"]))
    return view.render(
        "findings.html",
        findings=page["items"],
        next=page["next"],
        reason=query.reason,
        reasons=await reading.findings_by_reason(view.session, of_sweeps.OPENED_BY),
        sweeps=await trust.sweeps(view.session, before=None, limit=_SWEEPS),
        doubted={one.id: of_sweeps.in_doubt(one) for one in page["items"]},
        asking=view.may("notices:write"),
    )


def _rows(view: View, cases: list[reading.Correction]) -> list[list[object]]:
    """A row for each link in doubt; numbers stay masked in a file."""
    rows: list[list[object]] = []
    for case in cases:
        doubted = of_sweeps.in_doubt(case)
        for hint in case.hints:
            if hint.get("kind") != "finding" or (hint.get("account_no"), hint.get("number")) not in doubted:
                continue
            why = [view.console.rendering.grounds.say(view.language, one) for one in hint.get("because") or []]
            rows.append(
                [
                    masked(hint["number"]),
                    hint["account_no"],
                    view.t(f"correction_reasons.{case.reason}"),
                    hint.get("probability"),
                    "; ".join(why),
                    case.opened_at,
                ]
            )
    return rows


async def decide(view: View) -> web.StreamResponse:
    """Carry out what was said of the findings; those to be asked about become a draft of checks."""
    form: Decided = view.form
    said = {name[2:]: value for name, value in view.given.items() if name.startswith("a:") and value in ANSWERS}
    if not said:
        raise InvalidInput("nothing was decided", field="decisions")
    try:
        answers = {UUID(case): str(answer) for case, answer in said.items()}
    except ValueError as error:
        raise InvalidInput("the form is not one of this page", field="decisions") from error
    done = await view.services.findings.decide(
        view.session,
        [FindingDecision(id=case, answer=answer) for case, answer in answers.items() if answer in ("wrong", "right")],  # type: ignore[arg-type]
        note=form.note,
        actor=view.actor,
    )
    asked = [case for case, answer in answers.items() if answer == "ask"]
    notice = await _ask(view, asked) if asked else None
    failed = [one for one in done if not one.done]
    if failed and len(failed) == len(done) and notice is None:
        raise Conflict(failed[0].error or "")
    count = len(done) - len(failed)
    if notice is not None:
        return view.go(f"/notices/{notice}", "findings.asked", count=len(asked))
    if failed:
        return view.go("/findings", "findings.done_but", count=count, failed=len(failed))
    return view.go("/findings", "findings.done", count=count)


async def _ask(view: View, cases: list[UUID]) -> UUID:
    """A draft of checks: the customers of these findings are asked whether the numbers are theirs."""
    accounts: set[str] = set()
    for id_ in cases:
        case = await reading.correction(view.session, id_)
        if case.opened_by != of_sweeps.OPENED_BY:
            raise NotFound("There is no finding with this id.")
        accounts |= {account for account, _ in of_sweeps.in_doubt(case)}
    return await view.services.notices.draft(
        view.session, Draft(kind="contact_confirm", about={"accounts": sorted(accounts)}), actor=view.actor
    )


async def sweep(view: View) -> web.StreamResponse:
    """Look through the archive now."""
    swept = await view.services.sweeping.sweep()
    if swept is None:
        raise Conflict("a sweep is under way")
    return view.go("/findings", "findings.swept", count=swept.cases, links=swept.links)


PAGES: Final = (
    Page(
        method="GET", path="/findings", handler=listing, scope="corrections:read", title="findings.title",
        query=FindingQuery, menu=Menu(group="archive", order=25, icon="zoom-check"),
    ),
    Page(
        method="POST", path="/findings", handler=decide, scope="corrections:decide", title="findings.title",
        under="/findings", form=Decided, again=listing,
    ),
    Page(
        method="POST", path="/findings/sweep", handler=sweep, scope="corrections:decide", title="findings.title",
        under="/findings", whole=True, again=listing,
    ),
)  # fmt: skip
