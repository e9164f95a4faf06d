"""How it went, in words and figures."""

from __future__ import annotations

from collections import Counter

from tests.world.life import Tally


def told(tally: Tally, accounts: int) -> str:
    """The figures of a run."""
    lines = [
        "month  delivered  misdirected    idle   of idle  reached  of known  idle reached  checks  replies  corrections"
    ]
    for place, month in enumerate(tally.months, 1):
        lines.append(
            f"{place:5}  {month.delivered:9}  {month.share:10.2%}  {month.idle_share:6.2%}  "
            f"{month.share / max(month.idle_share, 1e-9):8.3f}  {month.reach:7.2%}  "
            f"{month.reach_of_known:8.2%}  "
            f"{month.idle_reached / max(1, month.wanted):12.2%}  {month.checks:6}  {month.replies:7}  "
            f"{dict(month.corrections)}"
        )
    found: Counter[str] = Counter()
    for reason, counts in sorted(tally.findings.items()):
        found.update(counts)
        lines.append(f"  {reason}: {_precision(counts)}")
    stopped = len(tally.wrongly_stopped)
    lines += [
        f"sweep: {_precision(found)} (wanted 90 %)",
        f"texts after a report: {len(tally.after_report)} (wanted 0)",
        f"recurrences after a correction: {len(tally.recurrences)} (wanted 0) {tally.recurrences[:3]}",
        f"accounts wrongly stopped for more than 3 days: {stopped} = {stopped / accounts:.2%} (wanted < 0.3 %)",
        f"most checks to a number that never answers: {max(tally.checks.values(), default=0)} (wanted ≤ 3)",
    ]
    lines += [f"    late {words[:600]}" for words in tally.after_report[:20]]
    lines += [f"    stopped {words}" for words in tally.stopped_words[:40]]
    lines += [f"    wrong {reason} {number} {hints[:300]}" for reason, number, hints in tally.wrongs[:20]]
    lines.append(f"still wrong at the default number of the file: {dict(tally.left)}")
    return "\n".join(lines)


def _precision(counts: Counter[str]) -> str:
    cases, links = counts["cases"], counts["links"]
    return (
        f"{counts['right']} of {cases} cases right ({counts['right'] / max(1, cases):.1%}), by the account named "
        f"{counts['named_right'] / max(1, cases):.1%}, by link {counts['links_right'] / max(1, links):.1%}"
    )
