"""The record of the declared capex recipes: docs/market/recipe_record.csv, and the tables of recipe.md.

`python scripts/capex_record.py` (about ten seconds; needs statsmodels for the library models).  It also makes
docs/market/recipe_development.csv again: how declaration 3 chose its members, on figures to 2019Q4 only.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from counterpoise.market.baskets import TOP4, summed, values
from counterpoise.market.calendar import Quarter
from counterpoise.market.load import shipped
from counterpoise.market.members import MEMBERS, Array, seasonally_adjusted
from counterpoise.market.rolling import scores
from counterpoise.market.simple_rules import Rule
from counterpoise.service.capex_record import forecasts, record_rows

FOLDER = Path(__file__).parents[1] / "docs" / "market"
LAST_DEVELOPED = Quarter(2019, 4)
META_2026Q2_USD_BN = 30.2
"""Assumed: 31.08 with lease principal, less principal as in the quarters before."""
HORIZONS = (1, 2, 4)
SERIES = ("MSFT", "META", "MSFT+META", "GOOGL", "AMZN")


def reverting_growth(logs: Array, horizons: int) -> Array:
    """Growth over a year returns to its mean, at the rate of its first autocorrelation (0 to 0.95)."""
    growth = logs[4:] - logs[:-4]
    apart = growth - growth.mean()
    rate = np.clip((apart[1:] @ apart[:-1]) / max(apart[:-1] @ apart[:-1], 1e-12), 0.0, 0.95)
    path = list(logs)
    for ahead in range(1, horizons + 1):
        path.append(path[-4] + growth.mean() + rate**ahead * apart[-1])
    return np.array(path[len(logs) :])


def two_year_drift(logs: Array, horizons: int) -> Array:
    """The drift of the last eight quarters, seasonally adjusted."""
    adjusted, coming = seasonally_adjusted(logs, horizons)
    return adjusted[-1] + np.arange(1, horizons + 1) * (adjusted[-1] - adjusted[-9]) / 8 + coming


CANDIDATES = dict(MEMBERS) | {"reverting growth": reverting_growth, "two-year drift": two_year_drift}


def naive(logs: Array, horizons: int) -> Array:
    """The last quarter again."""
    return np.full(horizons, logs[-1])


def development() -> list[dict[str, Any]]:
    """Every combination of up to four candidates, by its error over naive's on figures to 2019Q4."""
    histories = {
        entity: {q: v for q, v in values(shipped(), entity).items() if q <= LAST_DEVELOPED} for entity in TOP4
    }
    together = summed({entity: histories[entity] for entity in ("MSFT", "META")})
    series = {name: np.log(list((histories | {"MSFT+META": together})[name].values())) for name in SERIES}
    errors = {
        name: {(s, h): _errors(rule, logs, h) for s, logs in series.items() for h in HORIZONS}
        for name, rule in (CANDIDATES | {"naive": naive}).items()
    }
    rows = []
    for size in (1, 2, 3, 4):
        for chosen in itertools.combinations(CANDIDATES, size):
            ratios = [
                np.abs(np.mean([errors[name][key] for name in chosen], axis=0)).mean()
                / np.abs(errors["naive"][key]).mean()
                for key in errors["naive"]
            ]
            over = float(np.exp(np.log(ratios).mean()))
            rows.append({"members": "; ".join(chosen), "error_over_naive": f"{over:.3f}"})
    return sorted(rows, key=lambda row: (row["error_over_naive"], row["members"]))


def _errors(rule: Rule, logs: Array, horizon: int) -> Array:
    origins = range(12, len(logs) - horizon + 1)
    return np.array([rule(logs[:n], horizon)[-1] - logs[n + horizon - 1] for n in origins])


def record(with_assumed: bool) -> list[Any]:
    """Scored forecasts; `with_assumed` takes 2026Q2 in, with Meta's cash figure assumed."""
    histories = {entity: values(shipped(), entity) for entity in TOP4}
    if with_assumed:
        histories["META"].setdefault(Quarter(2026, 2), META_2026Q2_USD_BN)
    return forecasts(histories, summed(histories))


def table(made: Sequence[Any]) -> str:
    """The scores as a table of the page."""
    lines = [
        "| forecaster | quarters | n | MAPE | log interval score | in the 80 % band | CRPS, bn USD "
        "| mean log error | p against recipe 3 | sign |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in scores(made):
        test = one.against
        p = "-" if test is None or test.p_value is None else f"{test.p_value:.2f}"
        sign = "-" if test is None else f"{test.better}/{test.apart}"
        lines.append(
            f"| {one.forecaster} | {one.horizon} | {one.n} | {100 * one.mape:.1f} % "
            f"| {one.interval_score:.3f} | {100 * one.cover:.0f} % +- {100 * one.cover_error:.0f} "
            f"| {one.crps:.2f} | {one.bias:+.3f} | {p} | {sign} |"
        )
    return "\n".join(lines)


def write() -> None:
    """Write the record, the development and the tables of the page."""
    made = record(with_assumed=False)
    _csv(FOLDER / "recipe_record.csv", record_rows(made))
    _csv(FOLDER / "recipe_development.csv", development())
    page = FOLDER / "recipe.md"
    text = page.read_text(encoding="utf-8")
    for name, rows in (("record", made), ("record with 2026Q2", record(with_assumed=True))):
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = block.sub(lambda found, rows=rows: f"{found[1]}{table(rows)}\n{found[2]}", text)
    page.write_text(text, encoding="utf-8")


def _csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write()
