"""The texts a carrier remembers, and whose handset each stands on. Bounded: the oldest are forgotten."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from gateway.kernel import segments

#: Statuses after which a text does not move any more.
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received"})


@dataclass(slots=True, kw_only=True, eq=False)
class Text:
    """One text, in either direction. Times are seconds since 1970, by the carrier's own clock."""

    #: Counts up over all texts: newest first is by this.
    n: int
    sid: str
    #: The person's number.
    number: str
    #: The utility's number or name.
    sender: str
    service: str | None
    body: str
    inbound: bool
    status: str
    created: float
    updated: float
    sent: float | None = None
    error: str | None = None
    callback: str | None = None

    @property
    def segments(self) -> int:
        """Parts on the air."""
        return segments.count(self.body).parts


@dataclass(slots=True, eq=False)
class Handset:
    """One number: its texts, oldest first, and whether it refuses more."""

    number: str
    texts: list[Text] = field(default_factory=list)
    opted_out: bool = False


class Texts:
    """Every text, by Sid and by number."""

    def __init__(self, keep: int = 200_000) -> None:
        self._keep = keep
        self._by_sid: dict[str, Text] = {}
        self._order: deque[Text] = deque()
        #: The most recently active last.
        self._handsets: OrderedDict[str, Handset] = OrderedDict()
        self._callbacks: set[str] = set()
        #: Texts that came with the status callback of an earlier one: the same message, sent twice.
        self.repeated = 0

    def __len__(self) -> int:
        return len(self._order)

    @property
    def handsets(self) -> int:
        """How many numbers are known."""
        return len(self._handsets)

    def add(self, text: Text) -> Handset:
        """Remember a text, and forget the oldest where there are too many."""
        self._by_sid[text.sid] = text
        self._order.append(text)
        if text.callback is not None:
            if text.callback in self._callbacks:
                self.repeated += 1
            self._callbacks.add(text.callback)
        handset = self.handset(text.number)
        handset.texts.append(text)
        self._handsets.move_to_end(text.number)
        if len(self._order) > self._keep:
            self._forget(self._order.popleft())
        return handset

    def handset(self, number: str) -> Handset:
        """The handset of a number, taken from its box if it is a new one."""
        handset = self._handsets.get(number)
        if handset is None:
            handset = self._handsets[number] = Handset(number)
        return handset

    def known(self, number: str) -> Handset | None:
        """The handset of a number, if it ever had a text."""
        return self._handsets.get(number)

    def by_sid(self, sid: str) -> Text | None:
        """One text."""
        return self._by_sid.get(sid)

    def newest(self, number: str | None = None) -> Iterator[Text]:
        """All texts, or all of a number, newest first."""
        if number is None:
            return reversed(self._order)
        handset = self._handsets.get(number)
        return reversed(handset.texts) if handset is not None else iter(())

    def active(self) -> Iterator[Handset]:
        """The handsets, most recently active first."""
        return reversed(self._handsets.values())

    def clear(self) -> None:
        """Forget everything, refusals too."""
        self._by_sid.clear()
        self._order.clear()
        self._handsets.clear()
        self._callbacks.clear()
        self.repeated = 0

    def _forget(self, text: Text) -> None:
        del self._by_sid[text.sid]
        if text.callback is not None:
            self._callbacks.discard(text.callback)
        handset = self._handsets[text.number]
        # Texts of one number are in the order of all, so the oldest of all is the oldest here.
        handset.texts.pop(0)
        if not handset.texts and not handset.opted_out:
            del self._handsets[text.number]


def last(handset: Handset, count: int) -> list[Text]:
    """The newest texts of a handset, oldest first."""
    return list(islice(reversed(handset.texts), count))[::-1]
