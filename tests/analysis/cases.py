"""A small case by hand: an app and a monthly tuning run; H20 and Ascend boxes, a cloud and an API.

Figures are round and belong to no vendor; the tests only say how plans must compare.
"""

import math

from counterpoise.planning.problem import (
    Block,
    Buy,
    Limits,
    Period,
    Pool,
    Problem,
    Rent,
    Requirement,
    Reserve,
    ServingDemand,
    ServingDeployment,
    Substitute,
    TechniqueOption,
    TrainingDemand,
    TrainingDeployment,
)

NONE = math.inf


def small_case(
    *,
    periods: int = 4,
    capex_usd: float = NONE,
    power_w: float = 60_000.0,
    peak: float = 4.0,
    growth: float = 0.2,
    engineer_weeks: float = 52.0,
    supply: float = NONE,
    api_usd: float = 0.02,
    unserved_usd: float = NONE,
) -> Problem:
    """Two day blocks; `peak` requests/s in the first period's busy block, growing by `growth`."""
    flat = (NONE,) * periods
    time = tuple(Period(f"2025Q{t + 1}", 91.0, 0.98**t) for t in range(periods))
    pools = {
        "H20 @ site": Pool("H20 @ site", "H20", "H20", 8, True, 2_000.0, 0.97),
        "Ascend @ site": Pool("Ascend @ site", "Ascend", "910B", 8, True, 2_000.0, 0.97),
        "H20 @ cloud": Pool("H20 @ cloud", "H20", "H20", 8, False, 0.0, 0.97),
    }
    ways = {
        "app bf16 @ site": ("H20 @ site", 0.8, 5_000.0, ()),
        "app fp8 @ site": ("H20 @ site", 1.4, 5_000.0, (Requirement("fp8", 0),)),
        "app bf16 @ cloud": ("H20 @ cloud", 0.8, 5_000.0, ()),
        "app fp8 @ cloud": ("H20 @ cloud", 1.4, 5_000.0, (Requirement("fp8", 0),)),
        "app bf16 @ ascend": ("Ascend @ site", 0.7, 4_000.0, (Requirement("port", 1),)),
    }
    return Problem(
        periods=time,
        blocks=(Block("day", 14.0), Block("night", 10.0)),
        pools=pools,
        buys={
            "buy H20": _buy("buy H20", "H20 @ site", 150_000.0, 1, periods, supply),
            "buy Ascend": _buy("buy Ascend", "Ascend @ site", 90_000.0, 1, periods, supply),
        },
        reserves={
            "reserve H20": Reserve("reserve H20", "H20 @ cloud", (16_000.0,) * periods, 2, (NONE,) * periods)
        },
        rents={"rent H20": Rent("rent H20", "H20 @ cloud", (9.0,) * periods, (NONE,) * periods)},
        serving={
            k: ServingDeployment(k, "app", pool, rate, power, 1.0, requires)
            for k, (pool, rate, power, requires) in ways.items()
        },
        training={
            "tune @ site": TrainingDeployment("tune @ site", "tuning", "H20 @ site", 9_000.0, 5_500.0, 1.0),
            "tune @ cloud": TrainingDeployment(
                "tune @ cloud", "tuning", "H20 @ cloud", 9_000.0, 5_500.0, 1.0
            ),
        },
        substitutes={"app API": Substitute("app API", "app", (api_usd,) * periods)},
        techniques={
            "fp8": TechniqueOption("fp8", 5_000.0, 2.0),
            "port": TechniqueOption("port", 10_000.0, 12.0),
        },
        serving_demand={
            "app": ServingDemand(
                id="app",
                peak_requests_per_s=tuple(
                    (peak * (1 + growth) ** t, 0.4 * peak * (1 + growth) ** t) for t in range(periods)
                ),
                mean_to_peak=(0.8, 0.7),
                input_tokens=800.0,
                output_tokens=1_000.0,
                reserve_margin=0.1,
                unserved_usd_per_request=unserved_usd,
            )
        },
        training_demand={"tuning": TrainingDemand("tuning", 1e9, 3.0, 4.0, 0, periods - 1, NONE)},
        limits=Limits(
            capex_usd=capex_usd,
            capex_usd_per_period=flat,
            opex_usd=NONE,
            opex_usd_per_period=flat,
            power_w=(power_w,) * periods,
            systems={},
            engineer_weeks_per_period=(engineer_weeks,) * periods,
        ),
        pue=1.35,
        electricity_usd_per_kwh=0.09,
        engineer_usd_per_week=2_000.0,
    )


def _buy(id_: str, pool: str, price: float, lead: int, periods: int, supply: float) -> Buy:
    return Buy(id_, pool, (price,) * periods, lead, 20, 0.05, 1_800.0, (supply,) * periods)
