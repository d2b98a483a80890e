"""One draw of the chain in plain Python, written from docs/market/chain.md: no arrays, no shared code."""

from __future__ import annotations

import math

RACK_BUYERS = ("MSFT", "GOOGL", "AMZN", "META", "neoclouds", "labs")
OWN = {
    "MSFT": ["amd", "maia"],
    "GOOGL": ["tpu"],
    "AMZN": ["trainium"],
    "META": ["amd", "mtia"],
    "neoclouds": ["amd"],
}
CLOUDS = ("MSFT", "GOOGL", "AMZN", "META")
ALL = ("flagship", "hgx", "cut-down", "amd", "tpu", "trainium", "mtia", "maia", "ascend")
VENDOR = {
    "flagship": "nvidia", "hgx": "nvidia", "cut-down": "nvidia", "amd": "amd", "tpu": "broadcom",
    "trainium": "marvell", "maia": "marvell", "ascend": "huawei",
}  # fmt: skip


def shopping_list(buyer):
    if buyer == "china":
        return ["cut-down", "ascend"]
    if buyer == "enterprise":
        return ["hgx", "amd"]
    return ["flagship", "hgx", *OWN.get(buyer, [])]


def logistic(middle, width, year):
    return 1 / (1 + math.exp(-(year - middle) * 2 * math.log(9) / width))


def along(year, start_year, start, end, after):
    if year <= start_year + 1:
        return start * (end / start) ** (year - start_year)
    return end * after ** (year - start_year - 1)


def orders_usd_bn(v, budget, start_year, year, n, middle_cost, unit_cost):
    """Money by kind in the n-th quarter (0 the first), starting at `year`; and capex of the clouds."""
    end = year + 0.25
    adopted = 0.0
    if end > v["efficiency_shock_year"]:
        adopted = 1 - math.exp(-(end - v["efficiency_shock_year"]) / v["efficiency_adoption_years"])
    by_work = {}
    for work in ("training", "serving"):
        eps = v["elasticity"] + v[f"elasticity_{work}_offset"]
        done = 1 - adopted + adopted * v["efficiency_shock"] ** (eps - 1)
        surprise = (v["efficiency_trend"] / v["efficiency_trend_planned"]) ** ((eps - 1) * (end - start_year))
        by_work[work] = done * surprise
    weights = {}
    for kind in ALL:
        base = v[f"odds.{kind}"]
        old = base * (v[f"cost_per_unit.{kind}"] / middle_cost[kind]) ** -v["price_sensitivity"]
        new = old
        if unit_cost and kind in unit_cost:
            new = base * (unit_cost[kind] / unit_cost["hgx"] / middle_cost[kind]) ** -v["price_sensitivity"]
        if kind == "flagship":
            old *= v["start_ratio.flagship"]
        left = v["inertia"] ** (n + 1)
        weights[kind] = new ** (1 - left) * old**left
        if kind == "cut-down" and year >= v["cut_down_decision_year"]:
            weights[kind] *= v["cut_down_allowed"]
    money = dict.fromkeys(ALL, 0.0)
    systems = budget * v["top4_systems_usd_bn"] / v["top4_capex_usd_bn"]
    capex = None
    for buyer in (*CLOUDS, "neoclouds", "labs", "china", "enterprise"):
        group = "top4" if buyer in CLOUDS else buyer
        serving = v[f"serving_share.{group}"]
        factor = serving * by_work["serving"] + (1 - serving) * by_work["training"]
        most = min(max(factor, 1.0) ** v["budget_response"], v["budget_ceiling"])
        spent = min(v["demand_over_budget"] * factor, most)
        size = v[f"cloud_share.{buyer}"] if group == "top4" else v[f"spending_ratio.{buyer}"]
        if group == "top4":
            capex = budget * (1 - v["ai_share"] + v["ai_share"] * spent)
        kinds = shopping_list(buyer)
        total = sum(weights[kind] for kind in kinds)
        for kind in kinds:
            money[kind] += size * systems * spent * weights[kind] / total
    return money, capex


def needs(v, middle):
    """Use of each limit per chip."""
    blackwell = logistic(v["hgx_blackwell_mid_year"], v["hgx_blackwell_years"], middle)
    use = {}
    for kind in ALL:
        per = {}
        if kind == "ascend":
            per["packaging"] = 1.0
        elif kind != "mtia":
            good = v["package_yield.blackwell"] if kind == "flagship" else v["package_yield.other"]
            if kind == "hgx":
                rack = 1 / v["packages_per_wafer.flagship"] / v["package_yield.blackwell"]
                per["packaging"] = blackwell * rack + (1 - blackwell) / v["packages_per_wafer.hopper"] / good
            else:
                per["packaging"] = 1 / v[f"packages_per_wafer.{kind}"] / good
        if kind == "hgx":
            per["hbm"] = blackwell * v["hbm_gb.flagship"] + (1 - blackwell) * v["hbm_gb.hopper"]
        elif kind != "mtia":
            per["hbm"] = v[f"hbm_gb.{kind}"]
        if kind not in ("cut-down", "ascend"):
            per["power"] = v[f"power_kw.{kind}"] * v["power_rating_used"] * v["pue"] / 1000
        per["network"] = v[f"network_modules.{kind}"] * v["network_need"]
        use[kind] = per
    use["hgx"] = {limit: min(amount, use["flagship"][limit]) for limit, amount in use["hgx"].items()}
    return use


def supplies(v, middle, loosened):
    wafers = 3 * along(
        middle - v["packaging_lag_years"], 2025.0, v["cowos_end_2024"], v["cowos_end_2025"],
        v["cowos_growth_after_2025"],
    )  # fmt: skip
    names = ("nvidia", "broadcom", "amd", "marvell", "others")
    everyone = sum(v[f"cowos_share.{name}"] for name in names)
    pools = {n: wafers * loosened.get("packaging", 1) * v[f"cowos_share.{n}"] / everyone for n in names[:4]}
    pools["huawei"] = v["ascend_per_year"] / 4 * v["ascend_growth"] ** (middle - 2025.5)
    hbm = along(middle, 2024.5, v["hbm_market_2024"], v["hbm_market_2025"], v["hbm_growth_after_2025"])
    racks = v["rack_assembly_per_year"] / 4 * v["rack_growth_after_2025"] ** max(middle - 2026.0, 0)
    modules = along(
        middle, 2024.5, v["network_modules_2024"], v["network_modules_2025"], v["network_growth_after_2025"]
    )
    power = v["power_us_gw_per_year"] * v["power_ai_share"] * v["power_world_ratio"] * 1000 / 4
    return pools, {
        "hbm": hbm * 1e9 / v["hbm_usd_per_gb"] * v["hbm_usable_share"] / 4 * loosened.get("hbm", 1),
        "racks": racks * logistic(v["rack_ramp_mid_year"], v["rack_ramp_years"], middle)
        * loosened.get("rack assembly", 1),
        "power": power * loosened.get("power", 1),
        "network": modules / 4 * loosened.get("network", 1),
    }  # fmt: skip


def chain_of_one_draw(v, budgets, start_year, middle_cost, unit_cost=None, loosened=None):
    """Return a list of quarters: shipped, orders, backlog by kind, capex, revenue, systems, freed chips."""
    waiting = None
    story = []
    for n, budget in enumerate(budgets):
        year = start_year + n / 4
        money, capex = orders_usd_bn(v, budget, start_year, year, n, middle_cost, unit_cost)
        new = {kind: money[kind] / (v[f"chip_price.{kind}"] * 1e-6) for kind in ALL}
        if waiting is None:
            waiting = dict.fromkeys(ALL, 0.0)
            for kind in ("flagship", "hgx"):
                waiting[kind] = v[f"backlog_quarters.{kind}"] * new[kind]
            at_start = dict(waiting)
        claim = {kind: new[kind] + (at_start[kind] / 4 if n < 4 else 0.0) for kind in ALL}
        use = needs(v, year + 0.125)
        pools, shared = supplies(v, year + 0.125, loosened or {})
        ratios = {}
        for kind in ALL:
            found = {}
            for limit in use[kind]:
                if limit == "packaging":
                    others = [k for k in ALL if VENDOR.get(k) == VENDOR[kind]]
                    amount = pools[VENDOR[kind]]
                else:
                    others = [k for k in ALL if limit in use[k]]
                    amount = shared[limit]
                found[limit] = amount / sum(claim[k] * use[k][limit] for k in others)
            ratios[kind] = found
        entitled = {kind: claim[kind] * min(ratios[kind].values()) for kind in ALL}
        due = {kind: waiting[kind] * (1 - v["cancel_share"]) for kind in ALL}
        turning = due["flagship"] * v["switch_share"]
        due["flagship"] -= turning
        due["hgx"] += turning
        due = {kind: due[kind] + new[kind] for kind in ALL}
        shipped = {kind: min(due[kind], entitled[kind]) for kind in ALL}
        shipped["flagship"] = min(shipped["flagship"], 72 * shared["racks"])
        freed = min(entitled["flagship"] - shipped["flagship"], due["hgx"] - shipped["hgx"])
        shipped["hgx"] += freed
        waiting = {kind: due[kind] - shipped[kind] for kind in ALL}
        spent = {kind: shipped[kind] * v[f"chip_price.{kind}"] * 1e-6 for kind in ALL}
        story.append(
            {
                "shipped": shipped,
                "orders": new,
                "backlog": waiting,
                "capex": capex,
                "systems": sum(spent.values()),
                "revenue": spent["flagship"] * v["vendor_share.rack"]
                + (spent["hgx"] + spent["cut-down"]) * v["vendor_share.server"],
                "freed": freed,
            }
        )
    return story
