"""`bridge`: from a market run to a case: buy now, wait or rent, with the regret of each."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from counterpoise.analysis.conditions import under
from counterpoise.analysis.policies import (
    BUY_NOW,
    FREE,
    RENT,
    Followed,
    Solving,
    first_plans,
    follow,
    waiting,
)
from counterpoise.errors import BadInput, Where
from counterpoise.market.calendar import Quarter
from counterpoise.market.scenarios import mean, reduce
from counterpoise.market.supply_links import MarketPaths, effects, links_as_of
from counterpoise.planning.assemble import Assembled, assemble
from counterpoise.planning.case import Case
from counterpoise.planning.plan import Plan
from counterpoise.runs import Inputs, run_name, write_run
from counterpoise.service.bridge_costs import UnitCosts, unit_costs
from counterpoise.service.bridge_document import bridge_document, tables
from counterpoise.service.bridge_flips import flips
from counterpoise.service.bridge_market import (
    Market,
    MarketAsked,
    conditions,
    kinds_of_pools,
    of_run,
    run_market,
)
from counterpoise.service.bridged import Bridged, Say
from counterpoise.service.cases import read_case
from counterpoise.service.planning import fingerprint

Document = dict[str, Any]
WORKERS = 2


@dataclass(frozen=True, slots=True)
class BridgeAsked:
    """What is asked of a bridge.

    `scenarios`: how many; `wait`: quarters of the waiting policy.  `market`, or a `run` of it whose settings
    take its place.  `unit_cost_of`: a model whose cost per chip replaces the chip mix's own costs.
    """

    scenarios: int = 4
    wait: int = 2
    market: MarketAsked = field(default_factory=MarketAsked)
    run: Path | None = None
    unit_cost_of: str = ""


def bridge_case(
    case_path: Path,
    asked: BridgeAsked,
    *,
    runs_dir: Path | None,
    say: Say = lambda _: None,
    paths: MarketPaths | None = None,
) -> Document:
    """Follow each policy through the market's scenarios and write the run; see `service.bridge`.

    `paths`: tightness to use in place of a run of the chain.
    """
    started = time.perf_counter()
    folder = read_case(case_path)
    case = folder.case
    if not 1 <= asked.wait < len(case.periods):
        raise BadInput(
            f"a wait of {asked.wait} quarters does not fit a horizon of {len(case.periods)}.",
            where=Where(field="--wait"),
            hint=f"Write a number from 1 to {len(case.periods) - 1}."
            if len(case.periods) > 1
            else "A wait needs a horizon of two quarters at least.",
        )
    market_asked = of_run(asked.run, case.as_of) if asked.run is not None else asked.market
    market, costs = _market(market_asked, asked.unit_cost_of, case, paths)
    say(f"market as of {case.as_of}: {len(market.paths.tightness):,} draws")
    assembled = assemble(case, folder.catalogue, measured=folder.measured)
    bridged = _bridged(case, assembled, market, asked, market_asked.seed, say)
    document = bridge_document(bridged, market_asked, flips(bridged, say))
    if costs is not None:
        document["market"]["unit_costs"] = costs.document()
    inputs = Inputs(
        files=folder.files,
        catalogue_sha256=fingerprint(folder.catalogue),
        seed=market_asked.seed,
        settings={
            "question": "bridge",
            "gap": case.gap,
            "scenarios": asked.scenarios,
            "wait_quarters": asked.wait,
            "set": list(market_asked.sets),
            "draws": market_asked.draws,
            "basis": market.basis,
            "unit_cost_of": asked.unit_cost_of,
        },
    )
    document["run"] = run_name(document, inputs)
    if runs_dir is not None:
        times = {"all_s": time.perf_counter() - started}
        write_run(runs_dir, document, tables(document), inputs, times=times)
    return document


def _market(
    asked: MarketAsked, unit_cost_of: str, case: Case, paths: MarketPaths | None
) -> tuple[Market, UnitCosts | None]:
    first, count = Quarter.read(case.periods[0].label), len(case.periods)
    if paths is not None:
        return Market(paths.window(first, count), links_as_of(case.as_of), paths.basis), None
    costs = None
    if unit_cost_of:
        costs = unit_costs(unit_cost_of, case.as_of, draws=asked.draws, seed=asked.seed)
    usd = costs.usd if costs is not None else None
    return run_market(asked, case.as_of, first, count, unit_cost=usd), costs


def _bridged(
    case: Case, assembled: Assembled, market: Market, asked: BridgeAsked, seed: int, say: Say
) -> Bridged:
    problem, paths = assembled.problem, market.paths
    solving = Solving(gap=case.gap, time_limit_s=case.time_limit_s, workers=WORKERS)
    met = effects(paths, market.links, seed=seed)
    expected = mean(reduce(paths.first, paths.kinds, met, 1).scenarios)
    reduce(paths.first, paths.kinds, met, asked.scenarios)  # a number that makes no sense is refused first
    plans = first_plans(problem, under(problem, conditions(assembled, expected)), solving)
    say(f"planned at today's prices and in the mean future: {len(plans)} plans to start from")
    # Scenarios are told apart by the chips that these plans use: others' futures do not matter to the case.
    by = kinds_of_pools(assembled, {p for plan in plans for p in _pools_used(plan)})
    reduced = reduce(paths.first, paths.kinds, met, asked.scenarios, by=by)
    futures = [under(problem, conditions(assembled, s)) for s in reduced.scenarios]

    def on_policy(found: Followed) -> None:
        usd = found.expected_usd(reduced.probabilities)
        cost = (
            f"{usd * case.units_per_usd:,.0f} {case.currency} expected" if math.isfinite(usd) else found.why
        )
        say(f"{found.policy.name}: {cost}")

    policies = (RENT, waiting(asked.wait), BUY_NOW, FREE)
    followed = follow(plans, futures, reduced.probabilities, policies, solving, on_policy=on_policy)
    return Bridged(case, assembled, market, reduced, by, followed, solving)


def _pools_used(plan: Plan) -> set[str]:
    return {
        pool
        for pool, use in plan.pools.items()
        if any(use.owned) or any(use.reserved) or any(map(any, use.rented))
    }
