"""What the corpus says about the reader, in figures: the ground of the report and of the targets."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.inbox.understanding import Reading

from .corpus_files import FAMILY, STOPPING, Case, readings


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    some: int
    of: int

    @property
    def value(self) -> float:
        return self.some / self.of if self.of else 1.0

    def __str__(self) -> str:
        return f"{self.some}/{self.of} = {100 * self.value:.1f}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The measures the reader is held to."""

    main_right: Share
    abstained: Share
    family_recall: Share
    lookalikes_stopped: Share
    opt_out_recall: Share
    lookalikes_opted_out: Share
    score_exact: Share
    no_score_invented: Share
    urgent_caught: Share
    false_alarms: Share


def _share(pairs: list[tuple[Case, Reading]], hit: list[bool]) -> Share:
    return Share(sum(hit), len(pairs))


def figures(pairs: tuple[tuple[Case, Reading], ...] | None = None) -> Figures:
    """The measures over `pairs`, the whole corpus if None."""
    every = list(readings() if pairs is None else pairs)
    decided = [(case, got) for case, got in every if not case.undecided]
    family = [(case, got) for case, got in decided if case.main in FAMILY]
    others = [(case, got) for case, got in every if not FAMILY & set(case.intents)]
    out = [(case, got) for case, got in decided if "opt_out" in case.intents]
    stay = [(case, got) for case, got in every if "opt_out" not in case.intents]
    scored = [(case, got) for case, got in every if case.score is not None and not case.undecided]
    unscored = [(case, got) for case, got in every if case.score is None]
    urgent = [(case, got) for case, got in every if case.urgent]
    calm = [(case, got) for case, got in every if not case.urgent]
    return Figures(
        main_right=_share(decided, [got.intents[0] == case.main for case, got in decided]),
        abstained=_share(decided, [got.abstain for _, got in decided]),
        family_recall=_share(family, [got.intents[0] in FAMILY for _, got in family]),
        lookalikes_stopped=_share(others, [bool(STOPPING & set(got.intents)) and not got.abstain for _, got in others]),
        opt_out_recall=_share(out, ["opt_out" in got.intents for _, got in out]),
        lookalikes_opted_out=_share(stay, ["opt_out" in got.intents and not got.abstain for _, got in stay]),
        score_exact=_share(scored, [got.score == case.score for case, got in scored]),
        no_score_invented=_share(unscored, [got.score is None for _, got in unscored]),
        urgent_caught=_share(urgent, [got.urgent for _, got in urgent]),
        false_alarms=_share(calm, [got.urgent for _, got in calm]),
    )
