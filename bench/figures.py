"""What a benchmark found out, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value beside its baseline. A speed wants a ratio of `at_least`, a cost one of `at_most`, or is
    `bounded` itself; or nothing is wanted."""

    name: str
    value: float
    baseline: float
    #: Of both: rows/s, MB.
    unit: str
    #: What the baseline is, in a few words.
    against: str
    at_least: float | None = None
    at_most: float | None = None
    #: The most that the value itself may be, in its unit.
    bounded: float | None = None

    @property
    def ratio(self) -> float:
        """The value as a multiple of the baseline."""
        return self.value / self.baseline if self.baseline else float("inf")

    @property
    def missed(self) -> bool:
        """Whether the ratio, or the value, is not the one that was wanted."""
        return (
            (self.at_least is not None and self.ratio < self.at_least)
            or (self.at_most is not None and self.ratio > self.at_most)
            or (self.bounded is not None and self.value > self.bounded)
        )

    @property
    def wanted(self) -> str:
        """The wanted ratio, or value, in words."""
        if self.bounded is not None:
            return f"≤ {self.bounded:g} {self.unit}"
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """One figure over several runs: the run in the middle, and the ratios at both ends."""

    figure: Figure
    least: float
    most: float
    runs: int


def medians(runs: Sequence[Sequence[Figure]]) -> list[Median]:
    """The median of each figure by its ratio, in the order in which the runs name them."""
    named: dict[str, list[Figure]] = {}
    for figures in runs:
        for figure in figures:
            named.setdefault(figure.name, []).append(figure)
    found: list[Median] = []
    for figures in named.values():
        ordered = sorted(figures, key=lambda figure: figure.ratio)
        found.append(
            Median(
                figure=ordered[(len(ordered) - 1) // 2],
                least=ordered[0].ratio,
                most=ordered[-1].ratio,
                runs=len(ordered),
            )
        )
    return found


def table(found: Sequence[Median]) -> Table:
    """All figures for a terminal."""
    shown = Table("figure", "measured", "baseline", "against", "ratio", "spread", "wanted", "")
    for column in (1, 2, 4, 6):
        shown.columns[column].justify = "right"
    for median in found:
        figure = median.figure
        verdict = "[red]missed[/red]" if figure.missed else "[green]met[/green]" if figure.wanted else ""
        spread = f"{median.least:.3f}–{median.most:.3f} of {median.runs}" if median.runs > 1 else ""
        shown.add_row(
            figure.name,
            f"{_said(figure.value)} {figure.unit}",
            f"{_said(figure.baseline)} {figure.unit}",
            figure.against,
            f"{figure.ratio:.3f}",
            spread,
            figure.wanted,
            verdict,
        )
    return shown


def _said(value: float) -> str:
    """A value with as many digits as tell something."""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"
