"""Texts: what is in force, every version there was, and changes that a second person approves."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.kernel.errors import Forbidden, InvalidInput
from gateway.notices.texts import Proposed, TextPreview, reading
from gateway.notices.wording import TextKey
from gateway.web.models import Body, Prose, Reference
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "texts"
_MOST_TEXTS: Final = 32
_is_carrier: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}").fullmatch

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), Field(examples=["arrears"])]
Language = Annotated[str, StringConstraints(min_length=2, max_length=16), Field(examples=["zh-CN"])]
#: A file as a release would bring it: front matter between two lines of `---`, then the text.
Source = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class NewText(Body):
    """One text as it is to be. With `source` null it goes back to what the release brings."""

    name: Name
    language: Language
    tone: Literal["warm", "official", "neutral"] = "neutral"
    source: Source | None

    def proposed(self) -> Proposed:
        """For the use cases; line ends are those of this house."""
        source = None if self.source is None else self.source.replace("\r\n", "\n")
        return Proposed(key=TextKey(self.name, self.language, self.tone), source=source)


class NewTexts(Body):
    """Texts that change together."""

    texts: list[NewText] = Field(min_length=1, max_length=_MOST_TEXTS)
    note: Prose | None = None

    def proposed(self) -> list[Proposed]:
        """For the use cases. Raises InvalidInput for a text that is named twice."""
        found = [text.proposed() for text in self.texts]
        for number, one in enumerate(found):
            if any(other.key == one.key for other in found[:number]):
                raise InvalidInput(f"{one.key} is named twice", field=f"texts[{number}]")
        return found


class Remarked(Body):
    """Why."""

    remark: Prose | None = None


class CarrierAnswer(Body):
    """What a carrier says of a version."""

    #: How the carrier names it.
    carrier_template_id: Reference | None = None
    state: Literal["submitted", "approved", "refused"]
    reason: Prose | None = None


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class FilledText(_Read):
    """A text filled in, signature and all, and what it takes on the air."""

    body: str
    segments: int
    units: int
    encoding: str


class CarrierState(_Read):
    """What a carrier said of a version."""

    carrier: str
    carrier_template_id: str | None
    state: str
    reason: str | None
    at: datetime


class TextSummary(_Read):
    """A text as it is used now."""

    name: str
    language: str
    tone: str
    kind: str
    klass: str = Field(serialization_alias="class")
    purpose: str
    hours: str
    version: str
    #: Whether it stands in place of the release's own text, and that text's version.
    edited: bool
    shipped_version: str | None
    #: Value → type.
    variables: dict[str, str]
    #: Digit → what it means in answer.
    codes: dict[str, str]
    #: Filled with its samples, and with the longest values that are reckoned with.
    example: FilledText
    longest: FilledText
    carriers: list[CarrierState]


class TextInForce(TextSummary):
    """A text as it is used now, with its source."""

    source: str


class TextVersion(_Read):
    """A text exactly as it was: what messages with this template and version were made from."""

    name: str
    language: str
    tone: str
    version: str
    kept_at: datetime
    in_force: bool
    source: str
    carriers: list[CarrierState]


class TextFinding(_Read):
    """What is to be said of a text: an error keeps it from being used, a warning is advice."""

    line: int
    severity: Literal["error", "warning"]
    message: str


class ProposedText(_Read):
    """A proposed text as it would go out; without example where it cannot be used."""

    name: str
    language: str
    tone: str
    version: str | None
    example: FilledText | None
    longest: FilledText | None
    findings: list[TextFinding]


class TextPreviews(BaseModel):
    """Proposed texts, in the order given."""

    texts: list[ProposedText]


class RevisionText(_Read):
    """One text of a revision; without a version it goes back to what the release brings."""

    name: str
    language: str
    tone: str
    version: str | None
    source: str | None
    in_force: bool


class TextRevision(_Read):
    """A change of texts, and what became of it."""

    id: UUID
    state: Literal["draft", "approved", "refused", "withdrawn"]
    note: str | None
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    remark: str | None
    texts: list[RevisionText]


class TextQuery(PageQuery):
    """Which texts."""

    kind: Annotated[list[str] | None, Words] = None
    language: Annotated[list[str] | None, Words] = None
    #: Only those that stand in place of the release's own.
    edited: bool | None = None


class RevisionQuery(PageQuery):
    """Which revisions."""

    state: Annotated[list[Literal["draft", "approved", "refused", "withdrawn"]] | None, Words] = None


async def listed(call: Call[None, TextQuery]) -> Page[TextSummary]:
    """Every text in force."""
    query, texts = call.query, call.services.texts
    start = behind("templates", query.cursor, int) or 0
    found = [
        (number, text)
        for number, text in enumerate(await reading.in_force(call.session, texts.in_force, texts.shipped, None), 1)
        if (query.kind is None or text.kind in query.kind)
        and (query.language is None or text.language in query.language)
        and (query.edited is None or text.edited is query.edited)
        and number > start
    ]
    page = cut("templates", found, query.limit, lambda one: one[0])
    return Page[TextSummary](items=[TextSummary.model_validate(text) for _, text in page["items"]], next=page["next"])


async def one(call: Call[None, None]) -> Page[TextInForce]:
    """A text in its languages and tones."""
    texts = call.services.texts
    found = await reading.in_force(call.session, texts.in_force, texts.shipped, call.text("name"))
    return Page[TextInForce](items=[TextInForce.model_validate(text) for text in found])


async def versions(call: Call[None, None]) -> Page[TextVersion]:
    """Every version of a text."""
    found = await reading.versions(call.session, call.services.texts.in_force, call.text("name"))
    return Page[TextVersion](items=[TextVersion.model_validate(version) for version in found])


async def version(call: Call[None, None]) -> TextVersion:
    """One version."""
    in_force = call.services.texts.in_force
    found = await reading.versions(call.session, in_force, call.text("name"), call.text("version"))
    return TextVersion.model_validate(found[0])


async def carrier_answered(call: Call[CarrierAnswer, None]) -> TextVersion:
    """Note what a carrier says."""
    carrier = call.text("carrier")
    if not _is_carrier(carrier):
        raise InvalidInput("a carrier is named in small letters, as lanes name it", field="carrier")
    await call.services.texts.approved_by_carrier(
        call.session,
        name=call.text("name"),
        version=call.text("version"),
        carrier=carrier,
        carrier_template_id=call.body.carrier_template_id,
        state=call.body.state,
        reason=call.body.reason,
        actor=call.actor,
    )
    return await version(call)  # type: ignore[arg-type]


def _previewed(preview: TextPreview) -> ProposedText:
    return ProposedText.model_validate(preview)


async def preview(call: Call[NewTexts, None]) -> TextPreviews:
    """What proposed texts would look like; nothing is kept."""
    seen = await call.services.texts.preview(call.session, call.body.proposed())
    return TextPreviews(texts=[_previewed(one) for one in seen])


async def propose(call: Call[NewTexts, None]) -> TextRevision:
    """Propose texts."""
    texts = call.services.texts
    made = await texts.draft(call.session, call.body.proposed(), note=call.body.note, actor=call.actor)
    return await _revision(call, made)


async def revisions(call: Call[None, RevisionQuery]) -> Page[TextRevision]:
    """Revisions, newest first."""
    query = call.query
    before = behind("template-revisions", query.cursor, UUID)
    found = await reading.revisions(call.session, states=query.state, before=before, limit=query.limit + 1)
    page = cut("template-revisions", found, query.limit, lambda one: one.id)
    return Page[TextRevision](items=[TextRevision.model_validate(one) for one in page["items"]], next=page["next"])


async def revision(call: Call[None, None]) -> TextRevision:
    """One revision."""
    return await _revision(call, call.id("revision"))


async def approve(call: Call[None, None]) -> TextRevision:
    """Put a revision in force."""
    await reading.revision(call.session, call.id("revision"))
    await call.services.texts.approve(
        call.session, call.id("revision"), actor=call.actor, two_people=call.caller.two_people
    )
    return await _revision(call, call.id("revision"))


async def refuse(call: Call[Remarked, None]) -> TextRevision:
    """Turn a revision down, or take one's own back."""
    known = await reading.revision(call.session, call.id("revision"))
    if known.drafted_by != call.actor and not call.caller.may("templates:approve"):
        raise Forbidden("This needs the scope templates:approve: the texts were proposed by somebody else.")
    await call.services.texts.refuse(call.session, call.id("revision"), actor=call.actor, remark=call.body.remark)
    return await _revision(call, call.id("revision"))


async def _revision(call: Call[Any, Any], revision_id: UUID) -> TextRevision:
    return TextRevision.model_validate(await reading.revision(call.session, revision_id))


def _route(method: str, path: str, handler: Any, answer: Any, summary: str, **more: Any) -> Route:
    scope = more.pop("scope", "templates:read")
    return Route(
        method=method, path=path, handler=handler, scope=scope, tag=TAG, summary=summary, answer=answer, **more
    )


ROUTES: Final = (
    _route("GET", "/templates", listed, Page[TextSummary], "List the texts in force", query=TextQuery),
    _route("POST", "/templates/preview", preview, TextPreviews, "Show proposed texts filled in, and what is wrong "
           "with them", body=NewTexts),
    _route("GET", "/templates/{name}", one, Page[TextInForce], "A text in its languages and tones"),
    _route("GET", "/templates/{name}/versions", versions, Page[TextVersion], "Every version there was of a text"),
    _route("GET", "/templates/{name}/versions/{version}", version, TextVersion, "A version, exactly as it was"),
    _route("PUT", "/templates/{name}/versions/{version}/carriers/{carrier}", carrier_answered, TextVersion,
           "Note what a carrier says of a version", scope="templates:write", body=CarrierAnswer),
    _route("POST", "/template-revisions", propose, TextRevision, "Propose texts that change together",
           scope="templates:write", status=201, body=NewTexts),
    _route("GET", "/template-revisions", revisions, Page[TextRevision], "List revisions, newest first",
           query=RevisionQuery),
    _route("GET", "/template-revisions/{id}", revision, TextRevision, "One revision with its texts"),
    _route("POST", "/template-revisions/{id}/approve", approve, TextRevision,
           "Put a revision in force; somebody other than who proposed it", scope="templates:approve",
           problems=(409,)),
    _route("POST", "/template-revisions/{id}/refuse", refuse, TextRevision, "Turn a revision down, or take one's own "
           "back", scope="templates:write", body=Remarked, body_optional=True, problems=(409,)),
)  # fmt: skip
