"""The market's names in words: kinds of chip, tiers, limits, groups, and every prior of the chain."""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "flagship": "NVL72 racks",
    "hgx": "HGX boxes",
    "cut-down": "cut-down for China",
    "amd": "AMD Instinct",
    "tpu": "Google TPU",
    "trainium": "AWS Trainium",
    "mtia": "Meta MTIA",
    "maia": "Microsoft Maia",
    "ascend": "Huawei Ascend",
}
TIERS: Mapping[str, str] = {
    "gpu": "GPUs and other chips",
    "hbm": "memory (HBM)",
    "packaging": "packaging",
    "boards": "boards and CPUs",
    "network": "network",
    "power and cooling": "power and cooling",
    "assembly": "assembly and test",
}
LIMITS: Mapping[str, str] = {
    "packaging": "packaging (CoWoS)",
    "hbm": "memory (HBM)",
    "rack assembly": "rack assembly",
    "power": "power at sites",
    "network": "network modules",
}
GROUPS: Mapping[str, str] = {
    "top4": "the four large clouds",
    "neoclouds": "Oracle and neoclouds",
    "labs": "model labs",
    "china": "Chinese clouds",
    "enterprise": "companies",
}

_PRIORS: Mapping[str, str] = {
    "capex recipe": "forecast of capital spending",
    "elasticity": "elasticity of compute demand",
    "elasticity_training_offset": "how training's elasticity differs",
    "elasticity_serving_offset": "how serving's elasticity differs",
    "efficiency_shock": "efficiency gain beyond trend",
    "efficiency_shock_year": "when the gain arrives",
    "efficiency_adoption_years": "how fast the gain is adopted",
    "efficiency_trend": "usual gain in efficiency",
    "efficiency_trend_planned": "usual gain that plans contain",
    "top4_capex_usd_bn": "capital spending at the start",
    "top4_capex_growth": "growth of capital spending, first year",
    "top4_capex_growth_later": "growth of capital spending, later",
    "ai_share": "share of capital spending for AI",
    "top4_systems_usd_bn": "AI systems bought in 4Q24",
    "demand_over_budget": "demand over budget at the start",
    "budget_response": "how budgets follow demand",
    "budget_ceiling": "most that budgets can become",
    "price_sensitivity": "how buyers react to cost",
    "inertia": "how slowly the mix changes",
    "cut_down_allowed": "chips for China stay allowed",
    "cut_down_decision_year": "when export rules are decided",
    "cowos_end_2024": "packaging capacity at the end of 2024",
    "cowos_end_2025": "packaging capacity at the end of 2025",
    "cowos_growth_after_2025": "growth of packaging after 2025",
    "hgx_blackwell_mid_year": "when half of HGX is Blackwell",
    "hgx_blackwell_years": "how long HGX takes to Blackwell",
    "packaging_lag_years": "time from wafer to system",
    "ascend_per_year": "Huawei's supply in 2025",
    "ascend_growth": "growth of Huawei's supply",
    "hbm_market_2024": "memory (HBM) sold in 2024",
    "hbm_market_2025": "memory (HBM) sold in 2025",
    "hbm_growth_after_2025": "growth of memory after 2025",
    "hbm_usd_per_gb": "price of memory",
    "hbm_usable_share": "share of memory that AI chips get",
    "rack_assembly_per_year": "full rate of rack assembly",
    "rack_ramp_mid_year": "when rack assembly is half way up",
    "rack_ramp_years": "how long the rack ramp takes",
    "rack_growth_after_2025": "growth of rack assembly after 2025",
    "power_us_gw_per_year": "new US data-centre power",
    "power_ai_share": "share of new power for AI",
    "power_world_ratio": "the world's new power over the US's",
    "power_rating_used": "power planned over power rated",
    "pue": "power of a site over its IT (PUE)",
    "network_modules_2024": "800G modules in 2024",
    "network_modules_2025": "800G modules in 2025",
    "network_growth_after_2025": "growth of 800G modules after 2025",
    "network_need": "modules needed over those planned",
    "switch_share": "rack orders that turn to HGX",
    "cancel_share": "waiting orders that are withdrawn",
    "freed_parts_reused": "GPUs of unbuilt racks that ship in HGX",
    "odds.flagship": "buyers' taste for racks over HGX",
    "odds.ascend": "Chinese buyers' taste for Ascend",
    "start_ratio.flagship": "rack orders at the start",
    "package_yield.blackwell": "packaging yield of Blackwell",
    "package_yield.other": "packaging yield of other chips",
    "vendor_share.rack": "NVIDIA's part of a rack's price",
    "vendor_share.server": "NVIDIA's part of a box's price",
}
_FAMILIES: Mapping[str, str] = {
    "odds": "buyers' taste for {}",
    "cost_per_unit": "cost per unit of work: {}",
    "chip_price": "system price per chip: {}",
    "packages_per_wafer": "packages per wafer: {}",
    "hbm_gb": "memory per chip: {}",
    "power_kw": "power per chip: {}",
    "network_modules": "800G modules per chip: {}",
    "backlog_quarters": "orders waiting at the start: {}",
    "cowos_share": "share of packaging: {}",
    "cloud_share": "share of the four's spending: {}",
    "serving_share": "serving in the demand of {}",
    "spending_ratio": "spending over the four's: {}",
}
_MEMBERS: Mapping[str, str] = {
    **KINDS,
    **GROUPS,
    "hopper": "Hopper",
    "nvidia": "NVIDIA",
    "broadcom": "Broadcom",
    "marvell": "Marvell",
}
_CLASSES: Mapping[str, str] = {"rack": "a rack", "server": "a box", "asic": "an own chip's system"}


def prior_in_words(name: str) -> str:
    """Return what a prior of the chain is; a name without words is itself, its underscores blanks."""
    if name in _PRIORS:
        return _PRIORS[name]
    family, _, member = name.partition(".")
    if family in _FAMILIES and member:
        return _FAMILIES[family].format(_MEMBERS.get(member, member))
    if family == "tier" and member:
        held, _, tier = member.partition(".")
        return f"{TIERS.get(tier, tier)} in the price of {_CLASSES.get(held, held)}"
    return name.replace("_", " ")
