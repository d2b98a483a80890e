"""What the accuracy page says first: where predictions are weak, by how much, and why as far as is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from counterpoise.report.accuracy_charts import BAND
from counterpoise.report.accuracy_tables import METRIC_WORDS, PARTS, weakest_table
from counterpoise.report.noise import REPEAT, Pair, noise
from counterpoise.report.numbers import percent
from counterpoise.report.reasons import reasons
from counterpoise.report.scored import FOLD, SPLITS, Row, Scored, by_split, figures
from counterpoise.report.weakest import weakest

WORST = 8
"""Groups shown of each measure where predictions are worst."""
LARGE, MUCH_WORSE, ENOUGH = 0.15, 1.5, 20
"""Median error, its ratio to that of held-out conditions, and rows from which a weakness is said in words."""
LISTED = (
    (PARTS[0], "tpot_mean_ms"),
    (PARTS[0], "ttft_mean_ms"),
    (PARTS[1], "tpot_mean_ms"),
    (PARTS[2], "output_tok_s_total"),
    (PARTS[3], "tokens_per_s_per_chip"),
    (PARTS[4], "tokens_per_s_per_chip"),
)
"""Parts and measures whose worst groups are listed."""


def weak_lines(
    found: Sequence[Scored],
    rows: Mapping[str, Mapping[str, Row]],
    told: Mapping[str, Sequence[Mapping[str, str]]],
    pairs: Mapping[str, Sequence[Pair]],
) -> list[str]:
    """Return what is weak in words, then the worst groups of each part with the reasons.

    `rows`: table -> id -> row.  `told`: table -> labels of each of its rows.  `pairs`: table -> its pairs.
    """
    lines = ["## What is weak, first", ""]
    lines += [f"- {sentence}" for sentence in weak_sentences(found)]
    for part, metric in LISTED:
        held = [s for s in part.of(found) if s.metric == metric and s.split == FOLD]
        groups = weakest(held, part.pairs(pairs[part.table]), WORST)
        why = [reasons(g, rows[part.table], told[part.table]) for g in groups]
        whole = noise(pairs[part.table], metric, REPEAT)
        heading = f"Worst by {METRIC_WORDS[metric]}, {part.name}:"
        lines += ["", heading, "", *weakest_table(groups, why, whole)] if groups else []
    lines += [
        "",
        "A group shares model, chip and engine or two of these, a version, or a band of users, and has at "
        "least five rows; one more than half of whose rows are in worse groups is passed over. Reasons are "
        "what the rows themselves say and fail to say; none is guessed.",
        "",
    ]
    return lines


def weak_sentences(found: Sequence[Scored]) -> list[str]:
    """Say what errs most, how much worse the unseen is than the held out, and which intervals fail."""
    large, unseen, intervals = [], [], []
    for part in PARTS:
        members = part.of(found)
        for metric in [m for m in METRIC_WORDS if any(s.metric == m for s in members)]:
            splits = by_split(s for s in members if s.metric == metric)
            f = {split: figures(each) for split, each in splits.items() if len(each) >= ENOUGH}
            what = f"{METRIC_WORDS[metric]} of {part.name}"
            held = f.pop(FOLD, None)
            if held is None:
                continue
            if held["median_ape"] >= LARGE:
                large.append(
                    f"**{what}** errs {percent(held['median_ape'])} at the median, "
                    f"{percent(held['mean_ape'])} in the mean ({held['n']:,} rows)."
                )
            worse = {s: e for s, e in f.items() if e["median_ape"] >= MUCH_WORSE * held["median_ape"]}
            if worse:
                each = ", ".join(f"{percent(e['median_ape'])} for {SPLITS[s]}" for s, e in worse.items())
                unseen.append(
                    f"**{what}**: {each}, against {percent(held['median_ape'])} for a condition held out."
                )
            failing = [
                f"{percent(e['interval80_coverage'])} of {e['n']:,} rows inside ({SPLITS[split]})"
                for split, e in {FOLD: held, **f}.items()
                if _fails(e["interval80_coverage"], e["n"])
            ]
            if failing:
                intervals.append(f"80 % intervals of {what}: {', '.join(failing)}.")
    return [*unseen, *large, *intervals]


def _fails(share: float, rows: float) -> bool:
    """Whether an interval holds too few or too many, beyond two standard errors of so many rows."""
    chance = 2 * math.sqrt(0.8 * 0.2 / rows)
    return not BAND[0] - chance <= share <= BAND[1] + chance
