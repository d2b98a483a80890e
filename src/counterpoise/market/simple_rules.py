"""The rules that a forecast must beat to be worth its trouble, and single models of a library.

Each takes a history of positive levels, oldest first, and returns the levels of the next quarters.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.errors import Refused

Array = npt.NDArray[np.float64]
Rule = Callable[[Array, int], Array]


def naive(history: Array, horizons: int) -> Array:
    """Return the last quarter, again and again."""
    return np.full(horizons, float(history[-1]))


def seasonal_naive(history: Array, horizons: int) -> Array:
    """Return the same quarter of the last year known."""
    _require(history, 4)
    return np.resize(history[-4:], horizons).astype(np.float64)


def growth_rule(history: Array, horizons: int) -> Array:
    """Return the same quarter a year before times the last growth over a year.

    More than four quarters ahead the quarter a year before is itself a forecast.
    """
    _require(history, 5)
    growth = history[-1] / history[-5]
    years = np.arange(horizons) // 4 + 1
    return np.asarray(np.resize(history[-4:], horizons) * growth**years, np.float64)


def drift(history: Array, horizons: int) -> Array:
    """Return the line through the first and the last quarter (Hyndman and Athanasopoulos 2021, 5.2)."""
    _require(history, 2)
    slope = (history[-1] - history[0]) / (len(history) - 1)
    # A falling line may cross zero; spending does not.
    return np.asarray(np.maximum(history[-1] + slope * np.arange(1, horizons + 1), 1e-9 * history[-1]))


def log_drift(history: Array, horizons: int) -> Array:
    """Return the last quarter, growing at the mean rate of the whole history."""
    return np.asarray(np.exp(_log_line(np.log(history), horizons)))


def _log_line(logs: Array, horizons: int) -> Array:
    _require(logs, 2)
    return np.asarray(logs[-1] + (logs[-1] - logs[0]) / (len(logs) - 1) * np.arange(1, horizons + 1))


def ets(history: Array, horizons: int) -> Array:
    """Return exponential smoothing with additive damped trend and season, of logarithms (statsmodels).

    Raises `Refused` where statsmodels is not installed or fewer than 12 quarters are known.
    """
    _require(history, 12)
    smoothing = _library("statsmodels.tsa.holtwinters").ExponentialSmoothing
    model = smoothing(np.log(history), trend="add", damped_trend=True, seasonal="add", seasonal_periods=4)
    return _quiet(lambda: model.fit().forecast(horizons))


def library_theta(history: Array, horizons: int) -> Array:
    """Return the theta model of logarithms with its test of seasonality (statsmodels)."""
    _require(history, 12)
    theta = _library("statsmodels.tsa.forecasting.theta").ThetaModel
    return _quiet(lambda: theta(np.log(history), period=4, method="additive").fit().forecast(horizons))


def library_arima(history: Array, horizons: int) -> Array:
    """Return the airline model, ARIMA (0,1,1)(0,1,1)4, of logarithms (statsmodels; Box and Jenkins 1970)."""
    _require(history, 12)
    arima = _library("statsmodels.tsa.arima.model").ARIMA
    model = arima(np.log(history), order=(0, 1, 1), seasonal_order=(0, 1, 1, 4))
    return _quiet(lambda: model.fit().forecast(horizons))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "naive": naive,
        "seasonal naive": seasonal_naive,
        "growth rule": growth_rule,
        "drift": drift,
        "log drift": log_drift,
        "ETS": ets,
    }
)
"""What every forecast is held against.  ETS needs statsmodels, and is refused without it."""

LIBRARY: Mapping[str, Rule] = MappingProxyType(
    {"ETS": ets, "library theta": library_theta, "library ARIMA": library_arima}
)
"""Single models of statsmodels, chosen once and not by score."""


def _require(history: Array, quarters: int) -> None:
    if len(history) < quarters:
        raise Refused(f"this rule needs {quarters} quarters; {len(history)} are known.")


def _library(module: str) -> Any:  # noqa: ANN401 - statsmodels carries no types
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError:
        raise Refused(
            "this rule needs statsmodels, which is not installed (pip install statsmodels)."
        ) from None


def _quiet(forecast: Callable[[], Any]) -> Array:
    """Levels from a library's forecast of logarithms; its remarks on convergence are not for our reader."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(np.exp(np.asarray(forecast(), np.float64)), np.float64)
