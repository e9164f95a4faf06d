"""How many parts a text takes on the air, and where it breaks.

The alphabet is GSM 7 bit (3GPP TS 23.038 §6.2.1) when every character is in it, where a character of the
extension table takes two units; otherwise the whole text is UCS-2, counted in UTF-16 units, so that an emoji
takes two. A single part holds 160 or 70 units, each part of a joined text 153 or 67 (6 octets go to the
header). Neither an escape pair nor a surrogate pair may be broken between two parts, so a text sometimes
takes more parts than its units divided by the size of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Encoding(StrEnum):
    """The alphabet a text goes out in."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """The size of a text: `units` are septets (GSM-7) or UTF-16 units (UCS-2); `parts` is 0 for no text."""

    encoding: Encoding
    units: int
    parts: int


_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = "\f^{}\\[~]|€"
_ESCAPE: Final = "\x1b"

_GSM7_SINGLE: Final = 160
_GSM7_JOINED: Final = 153
_UCS2_SINGLE: Final = 70
_UCS2_JOINED: Final = 67

_foreign = re.compile(f"[^{re.escape(_BASIC + _EXTENSION)}]").search
_extended = re.compile(f"[{re.escape(_EXTENSION)}]").findall
_ESCAPED: Final = {ord(character): _ESCAPE + character for character in _EXTENSION}

# Nearly every text fits one part, and one is counted for every message composed: these are made only once.
_ONE_GSM7: Final = tuple(
    Segments(encoding=Encoding.GSM7, units=units, parts=min(units, 1)) for units in range(_GSM7_SINGLE + 1)
)
_ONE_UCS2: Final = tuple(Segments(encoding=Encoding.UCS2, units=units, parts=1) for units in range(_UCS2_SINGLE + 1))


def count(text: str) -> Segments:
    """Say what `text` takes: its alphabet, its units and the parts it goes out in."""
    if _foreign(text) is None:
        units = len(text) + len(_extended(text))
        if units <= _GSM7_SINGLE:
            return _ONE_GSM7[units]
        return Segments(encoding=Encoding.GSM7, units=units, parts=len(_gsm7_cuts(text.translate(_ESCAPED))))
    octets = text.encode("utf-16-le", "surrogatepass")
    units = len(octets) // 2
    if units <= _UCS2_SINGLE:
        return _ONE_UCS2[units]
    return Segments(encoding=Encoding.UCS2, units=units, parts=len(_ucs2_cuts(octets)))


def split(text: str) -> list[str]:
    """Break `text` into the parts it goes out in; joined again they are `text`, and no text has no parts."""
    if not text:
        return []
    if _foreign(text) is None:
        septets = text.translate(_ESCAPED)
        if len(septets) <= _GSM7_SINGLE:
            return [text]
        cuts = _gsm7_cuts(septets)
        return [septets[start:end].replace(_ESCAPE, "") for start, end in zip([0, *cuts[:-1]], cuts, strict=True)]
    octets = text.encode("utf-16-le", "surrogatepass")
    if len(octets) // 2 <= _UCS2_SINGLE:
        return [text]
    cuts = _ucs2_cuts(octets)
    return [
        octets[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
        for start, end in zip([0, *cuts[:-1]], cuts, strict=True)
    ]


def _gsm7_cuts(septets: str) -> list[int]:
    """Where each part ends, in septets; a part never ends with an escape."""
    cuts: list[int] = []
    end = 0
    while len(septets) - end > _GSM7_JOINED:
        end += _GSM7_JOINED
        if septets[end - 1] == _ESCAPE:
            end -= 1
        cuts.append(end)
    cuts.append(len(septets))
    return cuts


def _ucs2_cuts(octets: bytes) -> list[int]:
    """Where each part ends, in UTF-16 units; a part never ends with the first half of a pair."""
    units = len(octets) // 2
    cuts: list[int] = []
    end = 0
    while units - end > _UCS2_JOINED:
        end += _UCS2_JOINED
        if octets[2 * end - 1] & 0xFC == 0xD8:
            end -= 1
        cuts.append(end)
    cuts.append(units)
    return cuts
