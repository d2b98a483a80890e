"""The record of the declared recipes against simple rules and library models, at rolling origins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.errors import Refused
from counterpoise.market.calendar import Quarter
from counterpoise.market.recipe import Histories
from counterpoise.market.rolling import (
    FIRST_ORIGIN,
    Score,
    Scored,
    capex_forecasters,
    rolling_forecasts,
    scores,
)
from counterpoise.market.simple_rules import LIBRARY, RULES

Document = dict[str, Any]


def record(histories: Histories, total: Mapping[Quarter, float]) -> Document:
    """Return `scores` of every forecaster by horizon, and `scored`: which origins and targets they rest on.

    Raises `Refused` where no origin has enough history.
    """
    made = forecasts(histories, total)
    if not made:
        raise Refused(f"no origin from {FIRST_ORIGIN} on has enough history to be scored.")
    about = {
        "first_origin": str(FIRST_ORIGIN),
        "last_target": str(max(one.target for one in made)),
        "not_scored": sorted({*RULES, *LIBRARY} - {one.forecaster for one in made}),
    }
    return {"scores": [_score(one) for one in scores(made)], "scored": about}


def forecasts(histories: Histories, total: Mapping[Quarter, float]) -> list[Scored]:
    """Return every forecast of every declared recipe, simple rule and library model, scored."""
    complete = {e: {q: v for q, v in h.items() if q <= max(total)} for e, h in histories.items()}
    return rolling_forecasts(total, capex_forecasters(complete, {**RULES, **LIBRARY}))


def _score(one: Score) -> Document:
    test = one.against
    return {
        "forecaster": one.forecaster,
        "horizon_quarters": one.horizon,
        "n": one.n,
        "mape_fraction": one.mape,
        "log_interval_score": one.interval_score,
        "coverage80_fraction": one.cover,
        "coverage80_standard_error": one.cover_error,
        "crps_usd_bn": one.crps,
        "mean_log_error": one.bias,
        "recipe_better_p_value": None if test is None else test.p_value,
        "mean_log_error_difference": None if test is None else test.mean_difference,
        "sign_better": None if test is None else test.better,
        "sign_pairs": None if test is None else test.apart,
        "sign_p_value": None if test is None else test.sign_p_value,
    }


def record_rows(made: list[Scored]) -> list[Document]:
    """Return scored forecasts as the rows of the record that the documentation keeps."""
    return [
        {
            "forecaster": one.forecaster,
            "origin": str(one.origin),
            "target": str(one.target),
            "horizon_quarters": one.horizon,
            "forecast_usd_bn": f"{one.forecast:.3f}",
            "low80_usd_bn": f"{one.low:.3f}",
            "high80_usd_bn": f"{one.high:.3f}",
            "actual_usd_bn": f"{one.actual:.3f}",
            "log_error": f"{one.log_error:.4f}",
            "log_interval_score": f"{one.interval_score:.4f}",
            "inside": "yes" if one.inside else "no",
        }
        for one in made
    ]
