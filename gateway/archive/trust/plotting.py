"""The reliability of the model as a picture: what was thought of links against what they turned out to be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_SIZE: Final = 360
_EDGE: Final = 44


def reliability_svg(steps: Sequence[tuple[float, float, int]]) -> str:
    """An SVG of (thought, came true, links): on the diagonal what was thought came true; larger dots, more links."""
    most = max((links for _, _, links in steps), default=1)
    dots = "".join(
        f'<circle cx="{_x(thought):.1f}" cy="{_y(right):.1f}" r="{3 + 9 * (links / most) ** 0.5:.1f}">'
        f"<title>{thought:.0%} → {right:.0%}, {links}</title></circle>"
        for thought, right, links in steps
    )
    line = " ".join(f"{_x(thought):.1f},{_y(right):.1f}" for thought, right, _ in steps)
    ticks = "".join(
        f'<text x="{_x(share):.0f}" y="{_SIZE - 22}" text-anchor="middle">{share:.0%}</text>'
        f'<text x="{_EDGE - 6}" y="{_y(share) + 4:.0f}" text-anchor="end">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" font-family="sans-serif" '
        f'font-size="11"><title>How links turned out, by what was thought of them</title>'
        f'<rect x="{_EDGE}" y="{_y(1):.0f}" width="{_x(1) - _EDGE:.0f}" height="{_y(0) - _y(1):.0f}" fill="none" '
        f'stroke="#999"/><line x1="{_x(0):.0f}" y1="{_y(0):.0f}" x2="{_x(1):.0f}" y2="{_y(1):.0f}" stroke="#bbb" '
        f'stroke-dasharray="4 4"/><polyline points="{line}" fill="none" stroke="#206bc4"/>'
        f'<g fill="#206bc4" fill-opacity="0.7">{dots}</g>{ticks}'
        f'<text x="{_SIZE / 2:.0f}" y="{_SIZE - 6}" text-anchor="middle">thought right</text>'
        f'<text x="12" y="{_SIZE / 2:.0f}" text-anchor="middle" transform="rotate(-90 12 {_SIZE / 2:.0f})">'
        "turned out right</text></svg>\n"
    )


def _x(share: float) -> float:
    return _EDGE + share * (_SIZE - _EDGE - 16)


def _y(share: float) -> float:
    return _SIZE - _EDGE + 6 - share * (_SIZE - _EDGE - 16)
