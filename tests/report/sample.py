"""A plan document in the full shape that the doors show.

Its figures are made up to try the layout: nobody planned them, and no test of the field rests on them.
They are consistent with one another (items sum to the cost, chip hours to the balance).
"""

from __future__ import annotations

import copy
from typing import Any

PERIODS = ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3", "2026Q4"]
BLOCKS = [
    {"label": "00-08", "hours": 8.0},
    {"label": "08-12", "hours": 4.0},
    {"label": "12-18", "hours": 6.0},
    {"label": "18-24", "hours": 6.0},
]
LOAD = {"00-08": 0.3, "08-12": 0.8, "12-18": 0.9, "18-24": 1.0}
OWNED_CHIPS = [16, 16, 24, 24, 24, 24, 24, 24]
RENTED_CHIPS = [0, 0, 0, 0, 0, 0, 4, 8]


def _deployments() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for t, period in enumerate(PERIODS):
        growth = 1.15**t
        for block in BLOCKS:
            load = LOAD[block["label"]] * growth
            common = {"period": period, "block": block["label"], "basis": "Hopper family, no H20 measurement"}
            rows += [
                common
                | {
                    "workload": "app",
                    "kind": "serving",
                    "variant": "deepseek-r1-distill-qwen-32b fp8",
                    "model": "deepseek-r1-distill-qwen-32b",
                    "precision": "fp8",
                    "system": "HGX-H20-8",
                    "place": "site",
                    "systems": 0.85 * load,
                    "chips": 6.8 * load,
                    "replicas": 3.4 * load,
                    "requests_per_s": 1.8 * load,
                    "tokens_per_s": 5400.0 * load,
                    "share": 0.9,
                    "parallelism": {"tp": 2, "pp": 1, "dp": 1, "ep": 1},
                    "concurrency": 48,
                    "ttft_s": 1.21,
                    "tpot_s": 0.0412,
                },
                common
                | {
                    "workload": "app",
                    "kind": "api",
                    "variant": "deepseek-r1",
                    "model": "deepseek-r1",
                    "precision": "",
                    "system": "DeepSeek API",
                    "place": "api",
                    "systems": 0.0,
                    "chips": 0.0,
                    "replicas": 0.0,
                    "requests_per_s": 0.2 * load,
                    "tokens_per_s": 600.0 * load,
                    "share": 0.1,
                    "parallelism": {},
                    "concurrency": None,
                    "ttft_s": None,
                    "tpot_s": None,
                    "basis": "provider's list price",
                },
                common
                | {
                    "workload": "confidential",
                    "kind": "serving",
                    "variant": "deepseek-r1 fp8",
                    "model": "deepseek-r1",
                    "precision": "fp8",
                    "system": "HGX-H20-8",
                    "place": "site",
                    "systems": 0.5 * load + 0.3,
                    "chips": 4.0 * load + 2.4,
                    "replicas": 0.5 * load + 0.3,
                    "requests_per_s": 0.5 * load,
                    "tokens_per_s": 400.0 * load,
                    "share": 1.0,
                    "parallelism": {"tp": 8, "pp": 1, "dp": 1, "ep": 8},
                    "concurrency": 32,
                    "ttft_s": 1.9,
                    "tpot_s": 0.0551,
                },
            ]
            if block["label"] == "00-08":
                rows.append(
                    common
                    | {
                        "workload": "tuning",
                        "kind": "training",
                        "variant": "deepseek-r1-distill-qwen-32b lora",
                        "model": "deepseek-r1-distill-qwen-32b",
                        "precision": "bf16",
                        "system": "HGX-H20-8",
                        "place": "site",
                        "systems": 0.6,
                        "chips": 4.8,
                        "replicas": 0.6,
                        "requests_per_s": 0.0,
                        "tokens_per_s": 11500.0,
                        "share": 1.0,
                        "parallelism": {"tp": 4, "pp": 1, "dp": 2, "ep": 1},
                        "concurrency": None,
                        "ttft_s": None,
                        "tpot_s": None,
                        "basis": "training fit, Hopper family",
                    }
                )
    return rows


def _by_period_block(deployments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for t, period in enumerate(PERIODS):
        for block in BLOCKS:
            here = [d for d in deployments if (d["period"], d["block"]) == (period, block["label"])]
            serving = sum(d["chips"] for d in here if d["kind"] == "serving")
            training = sum(d["chips"] for d in here if d["kind"] == "training")
            held = OWNED_CHIPS[t] + (RENTED_CHIPS[t] if block["label"] != "00-08" else 0)
            rows.append(
                {
                    "period": period,
                    "block": block["label"],
                    "hours": block["hours"],
                    "serving_chips": serving,
                    "training_chips": training,
                    "idle_chips": max(held - serving - training, 0.0),
                }
            )
    return rows


COST_ITEMS = {
    "purchase": 3_240_000.0,
    "rent": 1_310_000.0,
    "energy": 402_000.0,
    "maintenance": 518_000.0,
    "substitute": 690_000.0,
    "engineers": 240_000.0,
    "salvage": -760_000.0,
}


def _cost_by_period() -> list[dict[str, Any]]:
    shape = {
        "purchase": [2 / 3, 1 / 3],
        "rent": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1 / 3, 2 / 3],
        "energy": [0.08, 0.1, 0.12, 0.13, 0.14, 0.14, 0.14, 0.15],
        "maintenance": [0.08, 0.1, 0.12, 0.14, 0.14, 0.14, 0.14, 0.14],
        "substitute": [0.06, 0.08, 0.1, 0.12, 0.13, 0.15, 0.17, 0.19],
        "engineers": [0.9, 0.1],
        "salvage": [0.0] * 8 + [1.0],
    }
    periods = [*PERIODS, f"after {PERIODS[-1]}"]
    return [
        {"period": period, "item": item, "value": COST_ITEMS[item] * share}
        for item, shares in shape.items()
        for period, share in zip(periods, shares, strict=False)
        if share
    ]


def document() -> dict[str, Any]:
    """Return a fresh copy of the sample plan document, without its answer paragraph."""
    total = sum(COST_ITEMS.values())
    deployments = _deployments()
    by_block = _by_period_block(deployments)

    def hours(kind: str) -> float:
        return sum(r[f"{kind}_chips"] * r["hours"] * 91.25 for r in by_block)

    night = [r for r in by_block if r["block"] == "00-08"]
    spare = sum((r["training_chips"] + r["idle_chips"]) * r["hours"] for r in night)
    return copy.deepcopy(
        {
            "run": "a-reasoning-app-2025-02-03-0a1b2c3d",
            "status": "solved",
            "gap": 0.0042,
            "case": {
                "name": "A reasoning app",
                "as_of": "2025-02-03",
                "currency": "CNY",
                "region": "CN",
                "periods": PERIODS,
                "blocks": BLOCKS,
            },
            "cost": {
                "value": total,
                "low80": 0.9 * total,
                "high80": 1.22 * total,
                "currency": "CNY",
                "year": 2025,
                "quarters": len(PERIODS),
            },
            "answer": "",
            "purchases": [
                {
                    "period": "2025Q1",
                    "offer": "hgx-h20-8-2025q1",
                    "system": "HGX-H20-8",
                    "chip": "H20",
                    "systems": 2,
                    "chips": 16,
                    "price_per_system": 1_080_000.0,
                    "cost": 2_160_000.0,
                    "arrives": "2025Q1",
                },
                {
                    "period": "2025Q2",
                    "offer": "hgx-h20-8-2025q1",
                    "system": "HGX-H20-8",
                    "chip": "H20",
                    "systems": 1,
                    "chips": 8,
                    "price_per_system": 1_080_000.0,
                    "cost": 1_080_000.0,
                    "arrives": "2025Q3",
                },
            ],
            "rentals": [
                {
                    "kind": "on_demand",
                    "offer": "cloud-h20-on-demand",
                    "provider": "Example Cloud",
                    "system": "HGX-H20-8",
                    "chip": "H20",
                    "period": period,
                    "until": period,
                    "block": block["label"],
                    "systems": chips / 8,
                    "chips": float(chips),
                    "cost": 1_310_000.0 * share / 3,
                }
                for period, chips, share in (("2026Q3", 4, 1 / 3), ("2026Q4", 8, 2 / 3))
                for block in BLOCKS[1:]
            ],
            "techniques": [
                {
                    "technique": "quantise-fp8",
                    "kind": "quantise",
                    "what": "deepseek-r1-distill-qwen-32b to FP8 weights",
                    "period": "2025Q1",
                    "usable_from": "2025Q1",
                    "cost": 90_000.0,
                    "engineer_weeks": 2.0,
                    "why": "",
                },
                {
                    "technique": "prefix-cache",
                    "kind": "prefix-cache",
                    "what": "prefix cache",
                    "period": "2025Q1",
                    "usable_from": "2025Q1",
                    "cost": 45_000.0,
                    "engineer_weeks": 1.0,
                    "why": "",
                },
            ],
            "deployments": deployments,
            "cost_items": [
                {"item": item, "value": value, "share": value / total} for item, value in COST_ITEMS.items()
            ],
            "cost_by_period": _cost_by_period(),
            "unit_costs": [
                {"workload": "app", "per": "million output tokens", "value": 11.4, "currency": "CNY"},
                {
                    "workload": "confidential",
                    "per": "million output tokens",
                    "value": 38.2,
                    "currency": "CNY",
                },
                {"workload": "tuning", "per": "run", "value": 9_120.0, "currency": "CNY"},
            ],
            "balance": {
                "serving_chip_hours": hours("serving"),
                "training_chip_hours": hours("training"),
                "idle_chip_hours": hours("idle"),
                "night_filled_share": sum(r["training_chips"] * r["hours"] for r in night) / spare,
                "flagship_chips": 0,
                "by_period_block": by_block,
            },
            "limits": [
                {
                    "limit": "power 2026Q4",
                    "unit": "kW",
                    "value": 150.0,
                    "used": 38.2,
                    "binds": False,
                    "more": "",
                    "saving": None,
                },
                {
                    "limit": "supply of hgx-h20-8-2025q1",
                    "unit": "systems per quarter",
                    "value": 2.0,
                    "used": 2.0,
                    "binds": True,
                    "more": "one system more",
                    "saving": 112_000.0,
                },
                {
                    "limit": "capex",
                    "unit": "CNY",
                    "value": 15_000_000.0,
                    "used": 3_240_000.0,
                    "binds": False,
                    "more": "",
                    "saving": None,
                },
            ],
            "counterfactual": {
                "hypothetical": True,
                "cost": 9_850_000.0,
                "saving": 9_850_000.0 - total,
                "what": "the same demand on HGX-H100-8 at list price, native precision, limits lifted",
            },
            "why_not": [
                {"what": "o1 API", "why": "not sold in CN"},
                {"what": "deepseek-r1 bf16 on HGX-H20-8", "why": "1.34 TB of weights do not fit 8 x 96 GB"},
                {"what": "HGX-H100-8, HGX-H200-8", "why": "may not be had in CN (export rule of 2022-10-07)"},
                {"what": "Atlas-800T-A2-8 (Ascend 910B)", "why": "feasible; costs 14 % more with the port"},
                {"what": "qwq-32b-preview for app", "why": "AIME 2024 50.0 is below the floor 70"},
            ],
            "assumptions": [
                {
                    "field": "site.pue",
                    "value": 1.35,
                    "unit": "",
                    "kind": "quoted",
                    "source": "example: the site's own figure",
                    "as_of": "2025-01-15",
                    "note": "",
                },
                {
                    "field": "price of HGX-H20-8",
                    "value": 150_000.0,
                    "unit": "USD",
                    "kind": "assumed",
                    "source": "example: no dated quotation",
                    "as_of": "2025-01-31",
                    "note": "1.0M to 1.3M CNY; ask for a quote",
                },
                {
                    "field": "workloads[0].profile",
                    "value": "reasoning-chat",
                    "unit": "",
                    "kind": "derived",
                    "source": "example: hourly counts of a public request trace",
                    "as_of": "2024-05-01",
                    "note": "",
                },
                {
                    "field": "exchange rate",
                    "value": 7.2,
                    "unit": "CNY per USD",
                    "kind": "list",
                    "source": "example: central parity",
                    "as_of": "2025-01-27",
                    "note": "",
                },
                {
                    "field": "finance.discount_rate",
                    "value": 0.08,
                    "unit": "per year",
                    "kind": "assumed",
                    "source": "stated default",
                    "as_of": "2025-02-03",
                    "note": "",
                },
            ],
            "weakest_fact": {
                "fact": "speed of deepseek-r1 on H20",
                "basis": "never measured at this load; Hopper family curve",
                "kind": "derived",
                "change_pct": 20,
                "direction": "lower",
                "cost_change": 1_130_000.0,
                "effect": "one more HGX-H20-8 in 2025Q1",
            },
            "sensitivity": [
                {
                    "fact": "speed of deepseek-r1 on H20",
                    "kind": "derived",
                    "basis": "never measured at this load; Hopper family curve",
                    "low": 0.7,
                    "high": 1.3,
                    "cost_change": 1_130_000.0,
                    "effect": "one more HGX-H20-8 in 2025Q1",
                },
                {
                    "fact": "price of the DeepSeek API",
                    "kind": "list",
                    "basis": "provider's list price",
                    "low": 0.95,
                    "high": 1.05,
                    "cost_change": 138_000.0,
                    "effect": "",
                },
            ],
            "levers": [
                {
                    "technique": "quantise-fp8",
                    "adopted": True,
                    "own_cost": 90_000.0,
                    "saving": 870_000.0,
                    "note": "",
                },
                {
                    "technique": "prefix-cache",
                    "adopted": True,
                    "own_cost": 45_000.0,
                    "saving": 55_000.0,
                    "note": "",
                },
                {
                    "technique": "port-cann",
                    "adopted": False,
                    "own_cost": 610_000.0,
                    "saving": 240_000.0,
                    "note": "",
                },
            ],
            "warnings": ["The price of HGX-H20-8 is assumed; a quote would replace it."],
        }
    )


def at_the_plan_stage() -> dict[str, Any]:
    """Return the sample as it stands before the analyses: what needs more solves is not there yet."""
    plan = document()
    for key in (
        "limits",
        "counterfactual",
        "weakest_fact",
        "sensitivity",
        "levers",
        "balance",
        "unit_costs",
        "why_not",
    ):
        del plan[key]
    del plan["cost"]["low80"], plan["cost"]["high80"]
    return plan
