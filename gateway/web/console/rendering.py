"""Templates made into pages: the environment, and what every template may use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from babel.dates import format_date, format_timedelta, get_timezone_name
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from gateway.kernel.logs import mask_numbers
from gateway.kernel.phones import PhoneNumber
from gateway.web.console.assets import Assets
from gateway.web.console.because import Because
from gateway.web.console.grounds import Grounds
from gateway.web.console.reasons import Reasons
from gateway.web.console.refusals import Refusals
from gateway.web.console.sealing import Seal
from gateway.web.console.wording import Catalogue, locale_of

if TYPE_CHECKING:
    from gateway.web.console.pages import Page, View


#: The beginning of a cell, and its end where nothing is in it.
_CELL: Final = re.compile(r"<td\b([^>]*)>(\s*</td>)?")


class Sent(Mapping[str, Any]):
    """What was typed, on the page that shows it again: in the form that was sent, and in none beside it.

    `ui.form` says which form is being made (`enter`, `leave`). Fields of several forms share names; `place` keeps
    their labels apart.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._mine = True
        self._places: Counter[str] = Counter()

    def enter(self, sent: str, *actions: str) -> None:
        """A form with these addresses begins; `sent` is the address that the page answers."""
        self._mine = sent in map(unquote, actions)

    def leave(self) -> None:
        """It ends."""
        self._mine = True

    def place(self, name: str) -> str:
        """What keeps the field of this name apart from those before it on the page."""
        self._places[name] += 1
        return f"-{self._places[name]}" if self._places[name] > 1 else ""

    def faults(self, found: Mapping[str, str]) -> Faults:
        """What is wrong, for the fields of the form that was sent."""
        return Faults(found, self)

    @property
    def mine(self) -> bool:
        """Whether the form that is being made is the one that was sent."""
        return self._mine

    def __getitem__(self, name: str) -> Any:
        if not self._mine:
            raise KeyError(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values if self._mine else ())

    def __len__(self) -> int:
        return len(self._values) if self._mine else 0


class Faults(Mapping[str, str]):
    """What is wrong with the fields of the form that was sent; with others nothing."""

    def __init__(self, found: Mapping[str, str], sent: Sent) -> None:
        self._found = found
        self._sent = sent

    def __getitem__(self, name: str) -> str:
        if not self._sent.mine:
            raise KeyError(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found if self._sent.mine else ())

    def __len__(self) -> int:
        return len(self._found) if self._sent.mine else 0


class Rendering:
    """Renders templates of the package."""

    def __init__(self, words: Catalogue, assets: Assets, seal: Seal, menu: Sequence[Page]) -> None:
        self._words = words
        self.because = Because(words)
        self.grounds = Grounds(words)
        self.reasons = Reasons(words)
        self._refused_rows = Refusals(words, "refusals_rows")
        self._seal = seal
        self._menu = menu
        self.environment = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        )
        self.environment.globals |= {
            "asset": assets.url,
            "icon": _icon(assets),
            "t": self._t,
            "word": self._word,
            "said": self._said,
            "said_why": self._said_why,
        }
        self.environment.filters |= {
            "time": _time,
            "day": _day,
            "ago": _ago,
            "count": _count,
            "money": _money,
            "percent": _percent,
            "masked": masked,
            "masked_in": mask_numbers,
            "tail": _tail,
            "sealed": self._sealed,
            "who": self._who,
            "told": _told,
            "ground": self._ground,
            "reason": self._reason,
            "subject": self._subject,
            "labelled": self._labelled,
        }

    def render(self, view: View, template: str, values: Mapping[str, Any]) -> str:
        """The page, or for htmx its content."""
        layout = "bare.html" if view.htmx or view.page.part else "plain.html" if view.someone is None else "layout.html"
        return self.environment.get_template(template).render(
            **{
                "view": view,
                "layout": layout,
                "language": view.language,
                "person": view.someone,
                "may": view.may,
                "csrf": view.csrf,
                "given": (sent := Sent(view.given)),
                "trouble": view.trouble,
                "faults": sent.faults(view.trouble.fields if view.trouble is not None else {}),
                "form_of": sent,
                "flash": view.console.remembered(view.request),
                "menu": self._offered(view) if view.someone is not None else (),
                **values,
            }
        )

    def _offered(self, view: View) -> list[tuple[str, list[Page]]]:
        """The menu's groups with the entries that the person may open."""
        groups: dict[str, list[Page]] = {}
        for page in self._menu:
            assert page.menu is not None
            allowed = page.open_to(view.may)
            if allowed and not (page.whole and not view.person.acting.whole):
                groups.setdefault(page.menu.group, []).append(page)
        return list(groups.items())

    @pass_context
    def _t(self, context: Context, key: str, **values: Any) -> str:
        return self._words.say(context["language"], key, **values)

    @pass_context
    def _word(self, context: Context, area: str, value: object) -> str:
        """The name of a value of a closed list (`states`, `roles`); the value itself where it has none."""
        key = f"{area}.{value}"
        return self._words.say(context["language"], key) if key in self._words else str(value)

    @pass_context
    def _labelled(self, context: Context, cells: str, columns: Sequence[tuple[str, str]]) -> Markup:
        """The cells of a table's row, each but the first with its heading, for where they stand under each other."""
        titles = iter([("", ""), *columns[1:]])

        def cell(found: re.Match[str]) -> str:
            title, _ = next(titles, ("", ""))
            label = f' data-label="{escape(self._t(context, title))}"' if title else ""
            attributes, empty = found[1], found[2]
            if empty is not None:
                attributes = _with_class(attributes, "nothing-in-it")
            return f'<td role="cell"{label}{attributes}>{empty or ""}'

        return Markup(_CELL.sub(cell, str(cells)))  # noqa: S704

    @pass_context
    def _said(self, context: Context, reason: str) -> str:
        """Why an import refused something, in the viewer's language; as the import says it where nobody translated."""
        code, _, sentence = reason.partition(": ")
        key = f"rejects.{code}"
        if context["language"] == "en":
            return sentence or reason
        if self._refused_rows.knows(sentence):
            return self._refused_rows.say(context["language"], sentence)
        return self._words.say(context["language"], key) if key in self._words else sentence or reason

    @pass_context
    def _said_why(self, context: Context, sentence: str) -> str:
        """Why a text went or did not go, in the viewer's language."""
        return self.because.say(context["language"], sentence)

    @pass_context
    def _ground(self, context: Context, words: str) -> str:
        """What a judgement about a contact rests on, in the viewer's language."""
        return self.grounds.say(context["language"], words)

    @pass_context
    def _reason(self, context: Context, words: str) -> str:
        """Why a reply was read so, or why a case presses, in the viewer's language."""
        return self.reasons.say(context["language"], words)

    @pass_context
    def _subject(self, context: Context, subject: str) -> str:
        """What an entry of the audit trail is about: its kind in words, and enough of its key to tell it apart."""
        kind, _, key = subject.partition(":")
        return f"{self._word(context, 'subjects', kind)} {mask_numbers(key[-8:] if len(key) == 36 else key)}".strip()

    def _sealed(self, value: Any) -> str:
        return self._seal.close(value)

    @pass_context
    def _who(self, context: Context, actor: str | None) -> str:
        """Who an actor of the audit trail is, in words."""
        if not actor:
            return ""
        kind, _, name = actor.partition(":")
        names: Mapping[str, str] = context.get("names") or {}
        key = f"actors.{kind}"
        if key not in self._words:
            return actor
        return self._words.say(context["language"], key, name=names.get(actor, name))


def _icon(assets: Assets) -> Any:
    sprite = assets.url("vendor/icons.svg")

    def icon(name: str, extra: str = "") -> Markup:
        """A picture beside words; it says nothing by itself."""
        return Markup(
            '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>'
        ).format(extra, sprite, name)

    return icon


def masked(number: str | None) -> str:
    """A telephone number with its middle hidden; a chat's name whole but for its middle."""
    return PhoneNumber(number).masked if number else ""


def masked_name(name: str | None) -> str:
    """A name as files have it: its first character."""
    return f"{name[:1]}**" if name else ""


def _tail(account_no: str | None) -> str:
    """An account number by its last four digits, as texts name it."""
    return f"····{account_no[-4:]}" if account_no else ""


@pass_context
def _told(context: Context, sentence: str) -> str:
    """A sentence of a use case in the viewer's language, as far as the catalogue knows it; numbers masked."""
    view: View = context["view"]
    heard = view.console.rendering.reasons.heard(view.language, sentence)
    if heard is not None:
        return heard
    said = view.console.refusals.say(view.language, sentence)
    # A task says what it is about, why it presses and what was said of it.
    about, _, rest = sentence.partition(": ")
    why, colon, words = rest.partition(": ")
    if said == sentence and colon and view.language != "en":
        said = f"{about}：{view.console.rendering.reasons.say(view.language, why)}：{words}"
    return mask_numbers(said)


@pass_context
def _count(context: Context, value: int | Decimal | None) -> str:
    return "–" if value is None else format_decimal(value, locale=locale_of(context["language"]))


@pass_context
def _percent(context: Context, value: float | None, digits: int = 1) -> str:
    if value is None:
        return "–"
    return format_percent(value, format=f"0.{'0' * digits}%" if digits else "0%", locale=locale_of(context["language"]))


@pass_context
def _money(context: Context, value: Decimal | None) -> str:
    return "–" if value is None else format_currency(value, "CNY", locale=locale_of(context["language"]))


@pass_context
def _time(context: Context, value: datetime | None, style: str = "short") -> Markup | str:
    """A moment in the viewer's zone, short; exact on hover."""
    if value is None:
        return "–"
    view: View = context["view"]
    local, now = value.astimezone(view.zone), view.now
    clock = f"{local:%H:%M}"
    days = (local.date() - now.date()).days
    if style == "clock":
        shown = clock
    elif abs(days) <= 1:
        shown = view.t(("common.yesterday_at", "common.today_at", "common.tomorrow_at")[days + 1], time=clock)
    else:
        shown = f"{_date(local.date(), view)} {clock}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.astimezone(UTC).isoformat(timespec="seconds"), exact(local, view), shown
    )


def exact(local: datetime, view: View) -> str:
    """A moment to the second, with its zone."""
    zone = get_timezone_name(local, width="short", locale=locale_of(view.language))
    return f"{local:%Y-%m-%d %H:%M:%S} {zone}"


@pass_context
def _day(context: Context, value: date | None) -> str:
    """A date; the year where it is not this one."""
    if value is None:
        return "–"
    view: View = context["view"]
    return _date(value, view)


def _date(value: date, view: View) -> str:
    pattern = view.t("common.day_pattern" if value.year == view.now.year else "common.date_pattern")
    return format_date(value, pattern, locale=locale_of(view.language))


@pass_context
def _ago(context: Context, value: datetime | None) -> Markup | str:
    """How long ago, or in how long; exact on hover."""
    if value is None:
        return "–"
    view: View = context["view"]
    apart: timedelta = value - view.services.clock.now()
    words = format_timedelta(apart, add_direction=True, threshold=1.2, locale=locale_of(context["language"]))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.astimezone(UTC).isoformat(timespec="seconds"), exact(value.astimezone(view.zone), view), words
    )


def _with_class(attributes: str, name: str) -> str:
    if 'class="' in attributes:
        return attributes.replace('class="', f'class="{name} ', 1)
    return f'{attributes} class="{name}"'
