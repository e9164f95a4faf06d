"""The audit trail: who did what, with what stood before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from gateway.kernel import audit_reading
from gateway.kernel.logs import mask_numbers
from gateway.web.console.lists import Actors, Column, Terms, listed
from gateway.web.console.pages import ListQuery, Menu, Page, View


class AuditQuery(ListQuery):
    """Which entries; everything given must hold. An action may be the beginning of one."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value before and after, numbers masked."""

    name: str
    before: str | None
    after: str | None


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[audit_reading.Entry]]] = {
    "audit.at": lambda one: one.at,
    "audit.actor": Actors(lambda one: one.actor),
    "audit.action": Terms("actions", lambda one: one.action.replace(".", "_").replace(" ", "_")),
    "audit.subject": lambda one: one.subject,
    "changed": lambda one: [_words(one.before), _words(one.after)],
}


async def trail(view: View) -> web.StreamResponse:
    """Entries, newest first."""
    query: AuditQuery = view.query
    page = await listed(
        view,
        "audit",
        lambda before, limit: audit_reading.entries(
            view.session,
            actor=query.actor,
            action=query.action,
            subject=query.subject,
            before=before,
            limit=limit,
        ),
        lambda one: one.id,
        _SORTED,
        of=int,
    )
    if query.format == "csv":
        rows = [
            [one.at, one.actor, one.action, one.subject, _words(one.before), _words(one.after)] for one in page.items
        ]
        return view.csv("audit", [f"audit.{name}" for name in _COLUMNS], rows)
    entries = [(one, changes(view, one)) for one in page.items]
    return view.render("audit.html", entries=entries, next=page.next, asked=query)


_COLUMNS: Final = ("at", "actor", "action", "subject", "before", "after")


#: Where the names of values are, by the field that has them; of what the entry is about where that matters.
_AREAS: Final = {
    "reason": "correction_reasons", "state": "states", "intents": "intents", "unit": "units", "severity": "severities",
    "class": "services", "klass": "services", "roles": "roles", "role": "link_roles", "kind": "message_kinds",
    "topic": "topics", "matter": "topics", "scopes": "scopes", "channel": "channels", "withheld_reason": "withheld",
    "purpose": "purposes", "purposes": "purposes", "source": "sources", "confirmation": "confirmations",
}  # fmt: skip
_OF: Final = {
    ("outage", "state"): "outage_states", ("outage", "kind"): "outage_kinds", ("case", "state"): "case_states",
    ("commitment", "state"): "promise_states", ("commitment", "kind"): "promise_kinds", ("task", "kind"): "task_kinds",
    ("supervision_card", "state"): "card_states", ("followup", "state"): "plan_states",
    ("independent_followup", "state"): "independent_states", ("evaluation", "state"): "rating_states",
    ("work_order", "kind"): "mark_kinds", ("account", "reason"): "withheld", ("import", "kind"): "import_kinds",
}  # fmt: skip


#: Fields that hold a sentence of the gateway's own.
_SENTENCES: Final = ("words", "because", "decision")


def changes(view: View, one: audit_reading.Entry) -> list[Change]:
    """What differs, name by name, as far as there are words for it; what stayed the same is left out."""
    old, new = one.before or {}, one.after or {}
    about = one.subject.partition(":")[0]

    def said(name: str, value: Any) -> str | None:
        area = _OF.get((about, name)) or _AREAS.get(name)
        if area is not None and isinstance(value, str):
            return view.word(area, value.replace(":", "_"))
        if area is not None and isinstance(value, list) and value:
            return " · ".join(view.word(area, str(one).replace(":", "_")) for one in value)
        if name == "subject" and isinstance(value, str) and ":" in value:
            kind, _, key = value.partition(":")
            return f"{view.word('subjects', kind)} {mask_numbers(key[-8:] if len(key) == 36 else key)}"
        if name in _SENTENCES and isinstance(value, str):
            return mask_numbers(view.console.rendering.because.say(view.language, value))
        return _words(value, view)

    return [
        Change(name=view.word("audit_fields", name), before=said(name, old.get(name)), after=said(name, new.get(name)))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def _words(value: Any, view: View | None = None) -> str | None:
    """A value in words: for a viewer with moments in their zone and what is empty left out; for a file as it is."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, list):
        return ", ".join(filter(None, (_words(one, view) for one in value)))
    if isinstance(value, dict):
        inner = {name: _words(one, view) for name, one in value.items()}
        if view is None:
            return ", ".join(f"{name}: {words or '–'}" for name, words in inner.items())
        return ", ".join(f"{view.word('audit_fields', name)} {words}" for name, words in inner.items() if words) or None
    if view is not None and isinstance(value, bool):
        return view.t("common.yes" if value else "common.no")
    if view is not None and isinstance(value, str) and (at := _moment(value)) is not None:
        return f"{at.astimezone(view.zone):%Y-%m-%d %H:%M}"
    return mask_numbers(str(value))


def _moment(words: str) -> datetime | None:
    """The moment that `words` are, as entries have them; None where they are something else."""
    if len(words) < 20 or words[10:11] != "T":
        return None
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


PAGES: Final = (
    Page(
        method="GET", path="/audit", handler=trail, scope="audit:read", title="audit.title", whole=True,
        query=AuditQuery, menu=Menu(group="settings", order=90, icon="history"),
    ),
)  # fmt: skip
