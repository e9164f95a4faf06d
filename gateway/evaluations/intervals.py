"""What a share among few answers is worth."""

from __future__ import annotations

from math import sqrt
from typing import Final

#: Two-sided 95 %.
_Z: Final = 1.959963984540054


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share: `hits` of `of` answers (domain notes §4.3). (0, 1) where none."""
    if of == 0:
        return (0.0, 1.0)
    share, square = hits / of, _Z * _Z
    scale = 1 + square / of
    centre = (share + square / (2 * of)) / scale
    half = _Z / scale * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return (max(0.0, centre - half), min(1.0, centre + half))
