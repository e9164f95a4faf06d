"""Announcements: the same words to everybody in an audience, one text for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.errors import FieldError, InvalidInput, NotFound
from gateway.notices.kinds import Moment, NoticeKind, PlainKind, Row, Saying
from gateway.notices.wording import Wording

#: How an audience may be drawn: any account that one of these names is in it.
_DRAWN_BY: Final = ("accounts", "transformer_areas", "feeders", "districts")
#: Everybody is an audience only where that is said: an audience left out by mistake is none.
_EVERYONE: Final = "everyone"

#: Kinds of text that say the same to everybody. All others are about one account, and go by rules of their own: who is
#: asked to rate a service is drawn, and a disconnection is approved by a named head.
_ANNOUNCED: Final = ("announcement", "advice")
#: Of a draft's audience, where each place is looked up and what it is called.
_PLACES: Final[Mapping[str, tuple[str, str, str]]] = {
    "transformer_areas": ("transformer_area", "code", "transformer area"),
    "feeders": ("feeder", "code", "feeder"),
    "districts": ("premise", "district", "district"),
}
#: Unknown places of one sort that a refusal names.
_MOST_FAULTS: Final = 20

#: Active accounts in the audience of a notice's `about`. Each list is looked through once, whatever its length.
ACCOUNTS_DRAWN: Final = """
SELECT account.id AS subject_id, account.id AS account_id, NULL::text AS ground, NULL::bigint AS own_point,
       account.account_no
FROM account LEFT JOIN transformer_area area ON area.id = account.transformer_area_id
LEFT JOIN feeder ON feeder.id = area.feeder_id LEFT JOIN premise ON premise.id = account.premise_id
WHERE account.status <> 'closed' AND (
  $1::jsonb #> '{audience,everyone}' = 'true'
  OR account.account_no IN (SELECT jsonb_array_elements_text($1::jsonb #> '{audience,accounts}'))
  OR area.code IN (SELECT jsonb_array_elements_text($1::jsonb #> '{audience,transformer_areas}'))
  OR feeder.code IN (SELECT jsonb_array_elements_text($1::jsonb #> '{audience,feeders}'))
  OR premise.district IN (SELECT jsonb_array_elements_text($1::jsonb #> '{audience,districts}')))
"""


@dataclass(frozen=True)
class Announcements(PlainKind):
    """Active accounts by number or by where they hang on the grid; closed ones are left out."""

    wording: Wording
    template: str = "announcement"
    values: Mapping[str, Any] = field(default_factory=dict)

    name = "announcement"
    merges = True
    gone = "superseded"
    subjects = ACCOUNTS_DRAWN

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = str(asked.get("template") or "announcement")
        values = asked.get("values") or {}
        try:
            template = self.wording.named(name, self.wording.languages[0])
        except NotFound as error:
            raise InvalidInput(str(error), field="template") from error
        if template.kind not in _ANNOUNCED:
            raise InvalidInput(f"a text of the kind {template.kind} cannot be announced", field="template")
        template.render(values)
        audience = audience_of(asked)
        return {"template": name, "values": dict(values), "audience": audience}

    async def drafted(self, connection: Any, notice: UUID, about: Mapping[str, Any], now: datetime) -> None:
        """Raises InvalidInput for an audience in places that the archive does not know."""
        await know_places(connection, about["audience"])

    def of(self, about: Mapping[str, Any]) -> NoticeKind:
        return Announcements(self.wording, about["template"], about["values"])

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        return Saying(self.template, self.values)


def audience_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The audience that is asked for. Raises InvalidInput naming each part that cannot be one."""
    audience = {key: named for key, named in (asked.get("audience") or {}).items() if named is not None}
    faults = [fault for key, named in audience.items() if (fault := _fault(key, named))]
    if not audience:
        faults.append(FieldError("audience", f"it names {', '.join(_DRAWN_BY)} or {_EVERYONE}", "missing"))
    if faults:
        raise InvalidInput("the audience cannot be understood", errors=faults)
    return audience


async def know_places(connection: Any, audience: Mapping[str, Any]) -> None:
    """Raises InvalidInput naming each place of an audience that the archive does not know.

    Accounts are no places: those of an older list that are gone concern nobody any more.
    """
    faults: list[FieldError] = []
    for key, (table, column, word) in _PLACES.items():
        rows = await connection.fetch(
            f"""SELECT asked.at, asked.place FROM unnest($1::text[]) WITH ORDINALITY AS asked (place, at)
                WHERE NOT EXISTS (SELECT 1 FROM {table} there WHERE there.{column} = asked.place)
                ORDER BY asked.at LIMIT $2""",
            list(audience.get(key) or ()),
            _MOST_FAULTS,
        )
        faults += [
            FieldError(f"audience.{key}[{row['at'] - 1}]", f"there is no {word} {row['place']}", "unknown")
            for row in rows
        ]
    if faults:
        raise InvalidInput("the audience names what the archive does not know", errors=faults)


def _fault(key: str, named: Any) -> FieldError | None:
    if key == _EVERYONE:
        return None if named is True else FieldError(f"audience.{key}", "it is true, or left out")
    if key not in _DRAWN_BY:
        return FieldError(f"audience.{key}", f"the audience is drawn by {', '.join(_DRAWN_BY)}", "unknown")
    if isinstance(named, list) and named and all(isinstance(one, str) for one in named):
        return None
    return FieldError(f"audience.{key}", "a list of one or more words is needed")
