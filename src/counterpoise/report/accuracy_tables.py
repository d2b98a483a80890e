"""Tables of the accuracy page, as lines of Markdown: errors with the noise of the data beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from counterpoise.report.noise import REPEAT, VERSION, Noise, Pair, noise, own_noise
from counterpoise.report.numbers import percent
from counterpoise.report.scored import FEWEST, FOLD, SPLITS, Scored, by_label, by_split, figures
from counterpoise.report.weakest import Group, carriers

METRIC_WORDS = {
    "tpot_mean_ms": "TPOT",
    "ttft_mean_ms": "TTFT",
    "output_tok_s_total": "output tokens/s",
    "total_tok_s": "prefill tokens/s",
    "tokens_per_s_per_chip": "tokens/s per chip",
    "step_time_s": "step time",
    "kv_cache_tokens": "KV-cache tokens",
    "kv_cache_gib_per_chip": "KV cache",
    "weights_gib_per_chip": "weights",
    "activation_peak_gib": "activation peak",
    "max_concurrency": "largest concurrency",
}
LABEL_WORDS = {
    "chip": "chip",
    "engine": "engine",
    "model": "model",
    "precision": "precision",
    "mode": "mode",
    "concurrency_band": "users at a time",
    "version": "version",
    "source": "source",
}
NONE = "-"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a table with a name of its own: those rows whose `label` is `value`, or all."""

    name: str
    table: str
    label: str = ""
    value: str = ""

    def of(self, found: Sequence[Scored]) -> list[Scored]:
        """Return the predictions of this part."""
        told = self.group.items()
        return [s for s in found if s.table == self.table and all(s.labels[k] == v for k, v in told)]

    @property
    def group(self) -> dict[str, str]:
        """Labels that its rows share."""
        return {self.label: self.value} if self.label else {}

    def pairs(self, found: Sequence[Pair]) -> list[Pair]:
        """Return the pairs of the table whose runs are both of this part."""
        return [p for p in found if all(p.labels.get(k) == v for k, v in self.group.items())]


PARTS = (
    Part("serving.csv, aggregated", "serving", "mode", "agg"),
    Part("serving.csv, disaggregated", "serving", "mode", "disagg"),
    Part("inference.csv", "inference"),
    Part("training.csv, quality A", "training", "quality", "A"),
    Part("training.csv, quality B", "training", "quality", "B"),
    Part("memory.csv", "memory"),
)
"""The measured tables, parted where one figure for both parts would mislead."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], right_from: int = 1) -> list[str]:
    """Return a Markdown table; columns from `right_from` on hold numbers."""
    marks = ["---" if i < right_from else "--:" for i in range(len(heads))]
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in (heads, marks, *escaped)]


def signed(fraction: float | None) -> str:
    """Return a signed share: "+12 %"."""
    return ("+" if fraction is not None and fraction > 0 else "") + percent(fraction)


def error_cells(found: Sequence[Scored]) -> list[str]:
    """Cells n, median, mean, 90th percentile, bias, within 20 %, inside the 80 % interval."""
    f = figures(found)
    return [
        f"{f['n']:,}",
        *(percent(f[name]) for name in ("median_ape", "mean_ape", "p90_ape")),
        signed(f["bias"]),
        *(percent(f[name]) for name in ("within_20pct", "interval80_coverage")),
    ]


ERROR_HEADS = ("rows", "median", "mean", "p90", "bias", "within 20 %", "in 80 % interval")


def headline(found: Sequence[Scored], pairs: Mapping[str, Sequence[Pair]]) -> list[str]:
    """Errors by part of a table, measure and split; noise of repeats and of versions beside them."""
    rows = []
    for part in PARTS:
        members = part.of(found)
        for metric in sorted({s.metric for s in members}, key=list(METRIC_WORDS).index):
            of_metric = [s for s in members if s.metric == metric]
            measured_twice = pairs.get(part.table, ())
            repeats, versions = (
                own_noise(measured_twice, metric, part.group, 0, k) for k in (REPEAT, VERSION)
            )
            floors = [
                floor_cell(repeats, noise(measured_twice, metric, REPEAT)),
                NONE if versions is None else f"{percent(versions.median)} ({versions.pairs} pairs)",
            ]
            first = [part.name, METRIC_WORDS[metric]]
            for split, each in by_split(of_metric).items():
                rows.append([*first, SPLITS[split], *error_cells(each), *floors])
                first, floors = ["", ""], ["", ""]
    return table(
        ("table", "measure", "left out", *ERROR_HEADS, "floor by repeats", "versions apart"),
        rows,
        right_from=3,
    )


def floor_cell(own: Noise | None, whole: Noise | None = None) -> str:
    """Noise floor with its pairs; in brackets where it is that of the whole table."""
    if own is not None:
        return f"{percent(own.floor)} ({own.pairs} pairs)"
    return NONE if whole is None else f"[{percent(whole.floor)}]"


def weakest_table(groups: Sequence[Group], why: Sequence[str], whole: Noise | None) -> list[str]:
    """Worst groups, worst first, each with the reason where it is known."""
    rows = [
        [
            group.name,
            *(c for i, c in enumerate(error_cells(group.found)) if i in (0, 1, 2, 4, 6)),
            floor_cell(group.repeats, whole),
            reason,
        ]
        for group, reason in zip(groups, why, strict=True)
    ]
    heads = ("runs of", "rows", "median", "mean", "bias", "in 80 % interval", "floor by repeats")
    lines = table((*heads, "why"), rows)
    lines[1] = lines[1].removesuffix("--: |") + "--- |"
    return lines


def carriers_table(found: Sequence[Scored], parts: Sequence[tuple[Part, str]], count: int) -> list[str]:
    """Groups of one model and engine that carry more of the summed error than of the rows, by split."""
    rows = []
    for part, metric in parts:
        first = [part.name, METRIC_WORDS[metric]]
        for split, members in by_split(s for s in part.of(found) if s.metric == metric).items():
            mean = percent(figures(members)["mean_ape"])
            for share in carriers(members, count):
                cells = [percent(x) for x in (share.rows, share.error, share.mean_without)]
                rows.append([*first, SPLITS[split] if mean else "", mean, share.name, *cells])
                first, mean = ["", ""], ""
    heads = (
        "table",
        "measure",
        "left out",
        "mean error",
        "carried by",
        "its rows",
        "its share",
        "mean without",
    )
    lines = table(heads, rows, right_from=5)
    lines[1] = "| --- | --- | --- | --: | --- | --: | --: | --: |"
    return lines


def noise_table(pairs: Mapping[str, Sequence[Pair]], metrics: Mapping[str, Sequence[str]]) -> list[str]:
    """How far runs of one condition differ: whole tables, then each model and engine of enough pairs."""
    rows = []
    for name, columns in metrics.items():
        for metric in columns:
            for kind in (REPEAT, VERSION):
                whole = noise(pairs[name], metric, kind)
                if whole is None:
                    continue
                rows.append([f"{name}.csv", METRIC_WORDS[metric], kind, "all", *_noise_cells(whole)])
                told = {
                    (p.labels.get("model"), p.labels.get("engine")) for p in pairs[name] if p.kind == kind
                }
                for model, engine in sorted(told, key=str):
                    group = {"model": model or "", "engine": engine or ""}
                    own = own_noise(pairs[name], metric, group, 0, kind)
                    if own is not None:
                        rows.append(["", "", "", f"{model}, {engine}", *_noise_cells(own)])
    heads = (
        "table",
        "measure",
        "pairs that are a",
        "runs of",
        "pairs",
        "runs",
        "median",
        "mean",
        "p90",
        "floor",
    )
    return table(heads, rows, right_from=4)


def _noise_cells(n: Noise) -> list[str]:
    return [f"{n.pairs:,}", f"{n.runs:,}", *(percent(x) for x in (n.median, n.mean, n.p90, n.floor))]


def groups_table(found: Sequence[Scored], label: str, pairs: Sequence[Pair]) -> list[str]:
    """Errors by the value of one label, of one metric; worst first by the held-out split.

    Groups below `FEWEST` rows are counted in a last line.  Empty where all rows are in one group.
    """
    held = [s for s in found if s.split == FOLD]
    groups = by_label(held, label)
    shown = {name: each for name, each in groups.items() if len(each) >= FEWEST}
    if len(groups) < 2 or not shown:
        return []
    metric = held[0].metric
    whole = noise(pairs, metric, REPEAT)
    splits = [split for split in by_split(found) if split != FOLD]
    rows, everything = [], by_label(found, label)
    for name in sorted(shown, key=lambda n: (-figures(shown[n])["median_ape"], n)):
        others = by_split(everything[name])
        row = [name, *error_cells(shown[name])]
        row += [percent(figures(others[s])["median_ape"]) if s in others else NONE for s in splits]
        rows.append([*row, floor_cell(own_noise(pairs, metric, {label: name}, len(shown[name])), whole)])
    heads = (LABEL_WORDS[label], *ERROR_HEADS, *(f"median, {SPLITS[s]}" for s in splits), "floor by repeats")
    lines = table(heads, rows)
    few = {name: each for name, each in groups.items() if len(each) < FEWEST}
    if few:
        n = sum(map(len, few.values()))
        lines += ["", f"Fewer than {FEWEST} rows each: {len(few)} more groups, {n} rows."]
    return lines
