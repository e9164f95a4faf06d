"""The archive: found by number, name (also pinyin and partial) or address; accounts, numbers and customers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from aiohttp import web

from gateway.archive.reading import contacts as reading
from gateway.archive.reading import corrections as corrections_reading
from gateway.archive.reading import searching
from gateway.archive.tables import ROLES
from gateway.kernel.errors import InvalidInput, NotFound
from gateway.outbox import reading as outbox
from gateway.web.console.corrections import by_rows
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.console.rendering import masked_name
from gateway.web.services import NewContact

_MOST: Final = 50
_MOST_IN_A_FILE: Final = 1000
_TEXTS: Final = 10


class SearchQuery(ListQuery):
    """What is looked for."""

    q: str | None = None


class Doubt(Form):
    """That a contact of an account is wrong."""

    number: str | None = None
    evidence: str
    new_number: str | None = None
    new_role: str = "holder"


async def search(view: View) -> web.StreamResponse:
    """Accounts that fit; one alone is opened at once."""
    query: SearchQuery = view.query
    words = query.q or ""
    most = _MOST_IN_A_FILE if query.format == "csv" else _MOST
    found = await searching.search(view.session, words, region=view.services.settings.region, limit=most)
    if query.format == "csv":
        return _file(view, "accounts", found)
    if len(found) == 1 and found[0].by in ("account", "meter"):
        return view.go(f"/accounts/{quote(found[0].account_no)}")
    return view.render("archive/search.html", words=words, found=found, most=_MOST)


def _file(view: View, name: str, found: Iterable[searching.Found]) -> web.Response:
    """Accounts as a file; names stay masked in it."""
    rows = [[one.account_no, masked_name(one.holder_name), one.address, one.status, one.vip] for one in found]
    headings = ("common.account", "archive.holder", "archive.address", "common.state", "archive.vip")
    return view.csv(name, headings, rows)


async def account(view: View) -> web.StreamResponse:
    """An account: whom to reach, what was sent, what is in doubt."""
    detail = await reading.account(view.session, view.text("no"))
    wanted = outbox.MessageFilter(account_no=detail.account_no)
    numbers = [link.number for link in detail.links]
    return view.render(
        "archive/account.html",
        one=detail,
        texts=await outbox.messages(view.session, wanted, before=None, limit=_TEXTS),
        ids=await searching.number_id(view.session, numbers),
        roles=ROLES,
    )


async def doubt(view: View) -> web.StreamResponse:
    """Open a correction on a contact of the account, or on all of them."""
    form: Doubt = view.form
    account_no = view.text("no")
    new = [NewContact(number=form.new_number, role=form.new_role)] if form.new_number else []
    try:
        correction_id = await view.services.corrections.open_case(
            view.session,
            account_no=account_no,
            number=form.number,
            reason="staff_report",
            evidence=form.evidence,
            new_contacts=new,
            note=None,
            actor=view.actor,
        )
    except InvalidInput as error:
        raise by_rows(error, [""]) from error
    return view.go(f"/corrections/{correction_id}", "archive.doubt_opened")


async def number(view: View) -> web.StreamResponse:
    """A telephone number: whose it is, the evidence, what was refused on it."""
    address = await searching.number_of(view.session, view.number("number"))
    if address is None:
        raise NotFound("This number is not in the archive.")
    contact = await reading.contact(view.session, address)
    cases = []
    for case in contact.corrections[:_TEXTS]:
        try:
            cases.append(await corrections_reading.correction(view.session, case))
        except NotFound:
            continue
    # What was done about other parts' cases is theirs.
    near = {f"correction:{case.id}" for case in cases}
    done = [one for one in contact.history if not one.subject.startswith("correction:") or one.subject in near]
    return view.render("archive/number.html", one=contact, cases=cases, done=done)


async def invite(view: View) -> web.StreamResponse:
    """Send a number the word that binds a chat to it."""
    address = await searching.number_of(view.session, view.number("number"))
    if address is None:
        raise NotFound("This number is not in the archive.")
    await view.services.proofs.invite(view.session, address, actor=view.actor)
    return view.go(f"/numbers/{view.number('number')}", "archive.invited")


async def unlink(view: View) -> web.StreamResponse:
    """End the bindings of chats to a number."""
    address = await searching.number_of(view.session, view.number("number"))
    if address is None:
        raise NotFound("This number is not in the archive.")
    await view.services.proofs.unlink(view.session, address, actor=view.actor)
    return view.go(f"/numbers/{view.number('number')}", "archive.unlinked")


async def customer(view: View) -> web.StreamResponse:
    """A customer with all their accounts."""
    found = await searching.customer(view.session, view.number("customer"))
    if found is None:
        raise NotFound("There is no customer with this id.")
    if view.query.format == "csv":
        return _file(view, "accounts", found.accounts)
    return view.render("archive/customer.html", one=found)


PAGES: Final = (
    Page(
        method="GET", path="/archive", handler=search, scope="archive:read", title="archive.title", query=SearchQuery,
        menu=Menu(group="archive", order=10, icon="search"),
    ),
    Page(
        method="GET", path="/accounts/{no}", handler=account, scope="archive:read", title="archive.account",
        under="/archive",
    ),
    Page(
        method="POST", path="/accounts/{no}/doubt", handler=doubt, scope="corrections:decide",
        title="archive.account", under="/archive", form=Doubt, again=account,
    ),
    Page(
        method="GET", path="/numbers/{id}", handler=number, scope="archive:read", title="archive.number",
        under="/archive",
    ),
    Page(
        method="POST", path="/numbers/{id}/chat-invitation", handler=invite, scope="messages:send",
        title="archive.number", under="/archive", form=Form, again=number,
    ),
    Page(
        method="POST", path="/numbers/{id}/unlink", handler=unlink, scope="archive:write",
        title="archive.number", under="/archive", form=Form, again=number,
    ),
    Page(
        method="GET", path="/customers/{id}", handler=customer, scope="archive:read", title="archive.customer",
        under="/archive", query=ListQuery,
    ),
)  # fmt: skip
