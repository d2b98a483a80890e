"""How far measurements of one condition differ among themselves: the floor under any error of prediction.

Two runs are a *repeat* where every printed condition agrees, the engine's version too; a *version* pair where
only the version differs.  Two rows that are one measurement written down twice are neither.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from counterpoise.performance.measured_runs import shipped
from counterpoise.performance.run_labels import LABELS, NOT_GIVEN, labels

Row = Mapping[str, str]
REPEAT, VERSION = "repeat", "version"
METRICS = {
    "serving": ("tpot_mean_ms", "ttft_mean_ms"),
    "inference": ("output_tok_s_total",),
    "training": ("tokens_per_s_per_chip",),
}
"""Table -> its measured columns that are compared."""
TABLE_OF = {metric: table for table, columns in METRICS.items() for metric in columns} | {
    "step_time_s": "training"
}
_SAME_AS = {"step_time_s": "tokens_per_s_per_chip"}
"""A measure that is another one's inverse, and differs between two runs as much."""
FEWEST_PAIRS, FEWEST_SHARE = 5, 0.1
"""Pairs, and share of a group's rows in them, from which a group has a noise of its own."""
_PROVENANCE = {"id", "row_id", "measured", "date", "quality", "note", "source", "flops_convention"}
_DERIVED = {"params_b", "active_params_b"}
_RESULTS = frozenset(
    {
        *_PROVENANCE,
        *_DERIVED,
        *(f"{metric}_{what}_ms" for metric in ("ttft", "tpot") for what in ("mean", "p50", "p99")),
        *("e2e_mean_s", "output_tok_s_total", "output_tok_s_per_chip", "total_tok_s", "input_tok_s"),
        *("requests_per_s", "power_w_per_chip", "step_time_s", "tokens_per_s_per_chip", "tflops_per_chip"),
        *("mfu_pct", "hfu_pct", "time_to_train_min", "peak_mem_gb"),
    }
)
"""Columns that say what came out or who says so; all others say what was run."""
_VERSIONS = frozenset({"framework", "framework_version"})


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs of one condition of `table`; `kind` is `REPEAT` or `VERSION`.

    `difference`: metric -> |ln(a / b)|, for small differences their share.  `labels`: those on which both
    runs agree.  `ids`: places of the two rows in the table.
    """

    table: str
    kind: str
    ids: tuple[int, int]
    labels: Mapping[str, str]
    difference: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Noise:
    """Differences of some pairs, as fractions; `pairs` of them, between `runs` distinct runs."""

    pairs: int
    runs: int
    median: float
    mean: float
    p90: float

    @property
    def floor(self) -> float:
        """Median error of a predictor that knows the true mean of each condition.

        The difference of two runs spreads √2 times as widely as the distance of one run from its mean.
        """
        return self.median / math.sqrt(2)


def pairs(rows: Sequence[Row], table: str) -> list[Pair]:
    """Return every pair of runs of one condition in `rows` of `table`, copies and quality C left out."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if (row.get("quality") or "").strip().upper() == "C":
            continue
        condition = [v.strip() for k, v in row.items() if k not in _RESULTS | _VERSIONS]
        groups[*condition, labels(row, table)["engine"]].append(i)
    found = []
    for members in groups.values():
        for i, j in combinations(members, 2):
            pair = _pair(rows[i], rows[j], (i, j), table)
            if pair is not None:
                found.append(pair)
    return found


def _pair(a: Row, b: Row, ids: tuple[int, int], table: str) -> Pair | None:
    """Return what two runs of one condition differ by; None for a copy, or where nothing can be compared."""
    printed = {m: (a.get(m, ""), b.get(m, "")) for m in METRICS[table]}
    both = {m: (x, y) for m, (x, y) in printed.items() if x and y and float(x) > 0 and float(y) > 0}
    if not both or all(same_figure(x, y) for x, y in both.values()):
        return None
    mine, other = labels(a, table), labels(b, table)
    # Frameworks are compared as written: two builds of one version are not a repeat.
    written = [tuple((r.get(c) or "").strip() for c in sorted(_VERSIONS)) for r in (a, b)]
    if written[0] == written[1]:
        if mine["version"] == NOT_GIVEN:
            return None
        kind = REPEAT
    elif NOT_GIVEN in (mine["version"], other["version"]):
        return None
    else:
        kind = VERSION
    shared = {name: mine[name] for name in LABELS if mine[name] == other[name]}
    difference = {m: abs(math.log(float(x) / float(y))) for m, (x, y) in both.items()}
    return Pair(table, kind, ids, shared, difference)


def same_figure(a: str, b: str) -> bool:
    """Whether two printed figures are one, written with more and with fewer decimals: 13.29553 and 13.3."""
    decimals = min(len(text.partition(".")[2]) for text in (a, b))
    # Half a unit of the last shared decimal: whoever shortened it may have rounded either way.
    return a == b or abs(float(a) - float(b)) <= 0.5 * 10.0**-decimals * (1 + 1e-9)


def noise(
    found: Iterable[Pair], metric: str, kind: str, keep: Callable[[Mapping[str, str]], bool] | None = None
) -> Noise | None:
    """Differences in `metric` over the pairs of `kind` whose shared labels `keep` accepts; None for none."""
    wanted = _SAME_AS.get(metric, metric)
    use = [p for p in found if p.kind == kind and wanted in p.difference and (not keep or keep(p.labels))]
    if not use:
        return None
    d = np.array([p.difference[wanted] for p in use])
    runs = len({i for p in use for i in p.ids})
    return Noise(len(use), runs, float(np.median(d)), float(d.mean()), float(np.quantile(d, 0.9)))


def own_noise(
    found: Iterable[Pair], metric: str, group: Mapping[str, str], rows: int, kind: str = REPEAT
) -> Noise | None:
    """Differences within the `rows` rows with all labels of `group`; None where too few were repeated."""
    own = noise(found, metric, kind, lambda shared: all(shared.get(k) == v for k, v in group.items()))
    enough = own is not None and own.pairs >= FEWEST_PAIRS and own.runs >= FEWEST_SHARE * rows
    return own if enough else None


@cache
def shipped_pairs(table: str) -> tuple[Pair, ...]:
    """Return the pairs of the measured table that comes with the product; none for memory.csv."""
    return tuple(pairs(shipped(table), table)) if table in METRICS else ()


def shipped_noise(metric: str) -> Noise | None:
    """How far repeats differ in `metric` in the shipped tables; None where nothing was measured twice."""
    return noise(shipped_pairs(TABLE_OF.get(metric, "")), metric, REPEAT)
