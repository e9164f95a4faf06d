"""Plain line charts as SVG, drawn on the server. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

_WIDTH: Final = 720
_HEIGHT: Final = 360
_LEFT: Final = 64
_RIGHT: Final = 170
_TOP: Final = 34
_BOTTOM: Final = 40
_COLOURS: Final = ("#206bc4", "#d63939", "#2fb344", "#f76707", "#ae3ec9", "#0ca678", "#667382", "#f59f00")
_TICKS: Final = 4


def lines_svg(title: str, steps: Sequence[str], lines: Mapping[str, Sequence[float | None]]) -> str:
    """A chart of lines by name over common steps; where a line has no value it is broken. Values are not below 0."""
    most = max((value for line in lines.values() for value in line if value is not None), default=0.0) or 1.0
    parts = [_frame(title, steps, most)]
    for place, (name, values) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        for run in _runs(values):
            points = " ".join(f"{_x(at, len(steps)):.1f},{_y(value, most):.1f}" for at, value in run)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [
                f'<circle cx="{_x(at, len(steps)):.1f}" cy="{_y(value, most):.1f}" r="3" fill="{colour}">'
                f"<title>{escape(name)}, {escape(steps[at])}: {value:.4g}</title></circle>"
                for at, value in run
            ]
        at = _TOP + 8 + place * 18
        parts.append(
            f'<rect x="{_WIDTH - _RIGHT + 12}" y="{at - 8}" width="10" height="10" fill="{colour}"/>'
            f'<text x="{_WIDTH - _RIGHT + 28}" y="{at + 1}">{escape(name)}</text>'
        )
    return "".join(parts) + "</svg>\n"


def _frame(title: str, steps: Sequence[str], most: float) -> str:
    marks = "".join(
        f'<text x="{_LEFT - 6}" y="{_y(most * tick / _TICKS, most) + 4:.0f}" text-anchor="end">'
        f"{most * tick / _TICKS:.4g}</text>"
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_y(most * tick / _TICKS, most):.1f}" '
        f'y2="{_y(most * tick / _TICKS, most):.1f}" stroke="#ddd"/>'
        for tick in range(_TICKS + 1)
    )
    every = max(1, (len(steps) + 11) // 12)
    names = "".join(
        f'<text x="{_x(at, len(steps)):.0f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{escape(step)}</text>'
        for at, step in enumerate(steps)
        if at % every == 0
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="11"><title>{escape(title)}</title><text x="{_LEFT}" y="18" font-size="13">{escape(title)}</text>'
        f"{marks}{names}"
    )


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for at, value in enumerate(values):
        if value is not None:
            runs[-1].append((at, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _x(at: int, steps: int) -> float:
    wide = _WIDTH - _LEFT - _RIGHT
    return _LEFT + (wide / 2 if steps < 2 else 12 + at * (wide - 24) / (steps - 1))


def _y(value: float, most: float) -> float:
    return _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)
