"""Summaries as files: CSV, a workbook, a picture. What the summary does not say, they do not say either. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from gateway.evaluations.summaries import Comparison, Scores

COLUMNS: Final = (
    *("key", "name", "eligible", "drawn", "invitable", "sent", "delivered", "answered", "usable", "waiting"),
    *(
        "skipped_1",
        "skipped_2",
        "skipped_3",
        "skipped_4",
        "skipped_5",
        "skipped_6",
        "skipped_7",
        "quarantined",
        "annulled",
    ),
    *("contested", "coverage", "response_rate", "shown", "n", "score_5", "score_4", "score_3", "score_2", "score_1"),
    *(
        "csat",
        "csat_low",
        "csat_high",
        "weighted",
        "weighted_over",
        "solved",
        "solved_low",
        "solved_high",
        "self_raised_share",
    ),
)
_COMPARED: Final = ("key", "name", "n", "share", "others_n", "others_share", "p", "differs")
#: Beginnings that spreadsheets take for formulas.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def row_of(one: Scores) -> list[Any]:
    """A group in the order of `COLUMNS`; None where nothing may or can be said."""
    funnel, given = one.funnel, one.distribution or {}
    return [
        *(one.key, one.name, funnel.eligible, funnel.drawn, funnel.invitable, funnel.sent, funnel.delivered),
        *(funnel.answered, funnel.usable, funnel.waiting),
        *(funnel.skipped.get(code, 0) for code in "1234567"),
        *(funnel.quarantined, funnel.annulled, one.contested, one.coverage, one.response_rate, one.shown, one.n),
        *(given.get(score) for score in "54321"),
        *((one.csat.share, one.csat.low, one.csat.high) if one.csat else (None,) * 3),
        *((one.weighted.share, one.weighted.over) if one.weighted else (None,) * 2),
        *((one.solved.share, one.solved.low, one.solved.high) if one.solved else (None,) * 3),
        one.self_raised_share,
    ]


def as_csv(groups: Sequence[Scores]) -> str:
    """One line a group, with a head; UTF-8 with a mark, so that offices open it as it is."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([[_safe(cell) for cell in row_of(one)] for one in groups])
    return "\ufeff" + sink.getvalue()


def as_workbook(groups: Sequence[Scores], comparisons: Sequence[Comparison]) -> bytes:
    """A workbook: the summary, and each group beside all others in place of a ranking."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    _fill(sheet, "summary", COLUMNS, [row_of(one) for one in groups])
    compared = [[getattr(one, name) for name in _COMPARED] for one in comparisons]
    _fill(book.create_sheet(), "comparisons", _COMPARED, compared)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _fill(sheet: Any, title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet.title = title
    sheet.append(list(head))
    for row in rows:
        sheet.append([_safe(cell) for cell in row])
    sheet.freeze_panes = "C2"
    for place, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(place)].width = max(9, len(name) + 2)


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell


_WIDTH: Final = 760
_LEFT: Final = 190
_RIGHT: Final = 150
_LINE: Final = 30
_HEAD: Final = 34


def as_svg(groups: Sequence[Scores], title: str) -> str:
    """A picture: each group's share of 4 and 5 with its interval, in the order of the keys and never by share.

    Groups of whom nothing may be said have their name and no mark.
    """
    height = _HEAD + _LINE * max(1, len(groups)) + 30
    marks = "".join(_mark(one, _HEAD + _LINE * place + _LINE / 2) for place, one in enumerate(groups))
    ticks = "".join(
        f'<line x1="{_x(share):.1f}" y1="{_HEAD}" x2="{_x(share):.1f}" y2="{height - 30}" stroke="#ddd"/>'
        f'<text x="{_x(share):.1f}" y="{height - 12}" text-anchor="middle">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><title>{escape(title)}</title><text x="8" y="20" font-size="14">{escape(title)}</text>'
        f"{ticks}{marks}</svg>\n"
    )


def _mark(one: Scores, y: float) -> str:
    label = escape(_short(one.name or one.key or "-"))
    text = f'<text x="{_LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    if one.csat is None:
        said = f"n = {one.n}" if one.shown else "n &lt; 10"
        return f'{text}<text x="{_WIDTH - _RIGHT + 10}" y="{y + 4:.1f}" fill="#888">{said}</text>'
    share, low, high = one.csat.share, one.csat.low, one.csat.high
    return (
        f'{text}<line x1="{_x(low):.1f}" y1="{y:.1f}" x2="{_x(high):.1f}" y2="{y:.1f}" stroke="#206bc4" '
        f'stroke-width="2"/><circle cx="{_x(share):.1f}" cy="{y:.1f}" r="5" fill="#206bc4">'
        f"<title>{share:.1%} ({low:.1%}–{high:.1%}), n = {one.n}</title></circle>"
        f'<text x="{_WIDTH - _RIGHT + 10}" y="{y + 4:.1f}">{share:.1%}, n = {one.n}</text>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
