"""The accuracy page: predicted against measured, what is weak first, the noise of the data beside each error.

Pure: evidence in, Markdown and pictures out.  The files are read and written by `scripts/accuracy_page.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from counterpoise.report.accuracy_charts import BAND, MOST_ROWS, coverage, dots, scatter
from counterpoise.report.accuracy_levels import level_lines
from counterpoise.report.accuracy_tables import (
    LABEL_WORDS,
    METRIC_WORDS,
    NONE,
    PARTS,
    carriers_table,
    groups_table,
    headline,
    noise_table,
    table,
)
from counterpoise.report.accuracy_weak import LISTED, weak_lines
from counterpoise.report.noise import METRICS, REPEAT, VERSION, Pair, noise
from counterpoise.report.numbers import percent
from counterpoise.report.scored import SPLITS, Row, Scored, by_split, by_width, of_metric

CARRIED = (PARTS[0], PARTS[2], PARTS[3])
"""Parts whose mean error is taken apart."""
CARRIERS = 3
"""Models and engines shown that carry more of a mean error than their share."""
PICTURES = {
    "groups": ("chip", "engine", "model", "precision", "mode", "concurrency_band"),
    "origins": ("version", "source"),
}
"""Picture of errors by group -> the labels by which it has them."""
UNITS = {
    "tpot_mean_ms": "ms",
    "ttft_mean_ms": "ms",
    "output_tok_s_total": "tokens/s",
    "tokens_per_s_per_chip": "tokens/s",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a table without quality C: how many, how many predicted, and why not the others."""

    rows: int
    predicted: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the page is made of.

    `found`: predictions of every split that there is.  `rows`: table -> id -> row.  `labels`: table -> labels
    of each of its rows.  `made`: date of the serving fit.  `current`: whether the splits beyond the held-out
    conditions are of the shipped parameters; None where there are none.
    """

    found: Sequence[Scored]
    rows: Mapping[str, Mapping[str, Row]]
    labels: Mapping[str, Sequence[Mapping[str, str]]]
    tallies: Mapping[str, Tally]
    pairs: Mapping[str, Sequence[Pair]]
    made: str
    current: bool | None


def accuracy_page(evidence: Evidence, folder: str) -> tuple[str, dict[str, str]]:
    """Return the page as Markdown, and its pictures by file name, which it expects in `folder` beside it."""
    lines = _head(evidence)
    pictures: dict[str, str] = {}
    lines += weak_lines(evidence.found, evidence.rows, evidence.labels, evidence.pairs)
    lines += [
        "## Errors",
        "",
        *headline(evidence.found, evidence.pairs),
        "",
        *_rows_predicted(evidence),
        "",
        "## What carries the mean error",
        "",
        "Models and engines that hold more of the summed error than of the rows, and what the mean would be "
        "without them.",
        "",
        *carriers_table(evidence.found, [each for each in LISTED if each[0] in CARRIED], CARRIERS),
        "",
        *level_lines(evidence.found, evidence.pairs["serving"], list(evidence.rows["serving"].values())),
        *_noise(evidence),
    ]
    for name, metrics in METRICS.items():
        more, drawn = _table_section(evidence, name, metrics, folder)
        lines += more
        pictures |= drawn
    more, drawn = _intervals(evidence, folder)
    lines += more
    pictures |= drawn
    return "\n".join(lines).rstrip() + "\n", pictures


def _head(evidence: Evidence) -> list[str]:
    told = ", ".join(SPLITS[s] for s in by_split(evidence.found))
    refit = "`python -m counterpoise.performance.fit`"
    lines = [
        "# Predicted against measured",
        "",
        "Every row of the measured tables (quality C left out), predicted without its own condition: every "
        "concurrency, parallelism and engine version of the same model, chip, engine, precision and lengths "
        "is held out with it. Disaggregated serving (prefill and decode on separate workers) is predicted "
        "from aggregated rows only; of memory.csv whole models are held out. An error is |predicted / "
        "measured - 1|; bias is its median with the sign.",
        "",
        f"Made by `make docs` from the parameters of {evidence.made}; do not edit. Shown: {told}. One table "
        "again: `counterpoise accuracy FILE --kind KIND`.",
        "",
    ]
    if evidence.current is None:
        lines += [
            "**Only held-out conditions are shown.** Models and chips never seen are predicted by the fit "
            f"itself: {refit}.",
            "",
        ]
    elif not evidence.current:
        lines += [
            "**The figures for models and chips never seen are of another fit** than the shipped parameters; "
            f"{refit} makes them again.",
            "",
        ]
    return lines


def _rows_predicted(evidence: Evidence) -> list[str]:
    rows = []
    for name, tally in evidence.tallies.items():
        why = "; ".join(f"{n} {reason.rstrip('.')}" for reason, n in tally.refused.items())
        share = percent(tally.predicted / tally.rows, 3)
        rows.append([f"{name}.csv", f"{tally.rows:,}", f"{tally.predicted:,}", share, why or "none"])
    lines = table(("table", "rows", "predicted", "share", "refused, and why"), rows)
    lines[1] = lines[1].removesuffix("--: |") + "--- |"
    return lines


def _noise(evidence: Evidence) -> list[str]:
    lines = ["## The noise of the measurements themselves", ""]
    for metric in METRICS["serving"]:
        repeats, versions = (noise(evidence.pairs["serving"], metric, k) for k in (REPEAT, VERSION))
        if repeats is not None and versions is not None:
            lines.append(
                f"{METRIC_WORDS[metric]} of two serving runs of which everything printed agrees differs by "
                f"{percent(repeats.median)} at the median and {percent(repeats.mean)} in the mean; where "
                f"only the engine's version differs, by {percent(versions.median)} and "
                f"{percent(versions.mean)}."
            )
    return [
        *lines,
        "",
        "A *repeat* is a pair of runs of which every printed condition agrees, the engine's version too; a "
        "*version* pair differs in the engine's version only. Rows that are one measurement written down "
        "twice, one a rounding of the other, are no pair. Differences are |ln(a / b)|: 69 % is a factor of "
        "two. The *floor* is the median over √2, what a predictor that knew the true mean of each condition "
        "would err at the median. A group has a floor of its own from five pairs on that touch a tenth of "
        "its rows; in brackets stands that of the whole table. Where an error is below its floor, the runs "
        "that were repeated are those that disagree.",
        "",
        *noise_table(evidence.pairs, METRICS),
        "",
    ]


def _table_section(
    evidence: Evidence, name: str, metrics: Sequence[str], folder: str
) -> tuple[list[str], dict[str, str]]:
    found = [s for s in evidence.found if s.table == name and s.metric in metrics]
    pairs, pictures = evidence.pairs[name], {}
    lines = [f"## {name}.csv, by what was run", ""]
    for metric in metrics:
        title = f"Predicted against measured: {METRIC_WORDS[metric]}, {name}.csv"
        pictures[f"{name}_{metric}.svg"] = scatter(of_metric(found, name, metric), title, UNITS[metric])
        lines += [f"![{title}]({folder}/{name}_{metric}.svg)", ""]
    lines += ["The line is equality; between the broken lines the error is below 20 %.", ""]
    columns = {metric: f"{METRIC_WORDS[metric]}: median error" for metric in metrics}
    for file, told in PICTURES.items():
        kinds = {label: LABEL_WORDS[label] for label in told}
        title = f"Median error by {', '.join(kinds.values())}: {name}.csv"
        pictures[f"{name}_{file}.svg"] = dots(found, columns, kinds, pairs, title)
        lines += [f"![{title}]({folder}/{name}_{file}.svg)", ""]
    lines += [
        "Figures at the right are rows; the upright bar is the floor by repeats, where enough of the group's "
        "runs were repeated. Errors under 0.5 % and over 200 % stand at the ends. Of each kind the largest "
        f"{MOST_ROWS} groups are drawn; the tables have all of five rows or more.",
        "",
    ]
    for metric in metrics:
        for label, heading in LABEL_WORDS.items():
            rows = groups_table(of_metric(found, name, metric), label, pairs)
            summary = f"<summary>{METRIC_WORDS[metric]} by {heading}</summary>"
            lines += ["<details>", summary, "", *rows, "", "</details>", ""] if rows else []
    return lines, pictures


def _intervals(evidence: Evidence, folder: str) -> tuple[list[str], dict[str, str]]:
    lines = [
        "## Intervals",
        "",
        "An 80 % interval should hold four of five measurements, whether it is wide or narrow. By width "
        "(upper over lower bound; the median of a part is given), narrowest part first, at most five:",
        "",
    ]
    rows, pictures = [], {}
    for name, metrics in METRICS.items():
        for metric in metrics:
            for split, members in by_split(of_metric(evidence.found, name, metric)).items():
                cells = [
                    f"{percent(inside)} of {n:,} at {width:.2f} x" for width, inside, n in by_width(members)
                ]
                cells += [NONE] * (5 - len(cells))
                rows.append([f"{name}.csv", METRIC_WORDS[metric], SPLITS[split], *cells])
    heads = ("table", "measure", "left out", "narrowest", *("",) * 4)
    lines += [*table(heads, rows, right_from=3), ""]
    for name, metrics in METRICS.items():
        found = [s for s in evidence.found if s.table == name and s.metric in metrics]
        title = f"Share of measurements inside their 80 % interval: {name}.csv"
        kinds = {label: LABEL_WORDS[label] for label in ("chip", "engine", "model", "concurrency_band")}
        columns = {metric: f"{METRIC_WORDS[metric]}: in 80 % interval" for metric in metrics}
        pictures[f"{name}_coverage.svg"] = coverage(found, columns, kinds, title)
        lines += [f"![{title}]({folder}/{name}_coverage.svg)", ""]
    low, high = (round(100 * share) for share in BAND)
    return [*lines, f"The grey band is {low} to {high} %.", ""], pictures
