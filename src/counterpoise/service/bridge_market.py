"""What a market run says to a case: how tight supply is, as scenarios of price, rent and delivery.

Tables pass from the market to planning here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from counterpoise.analysis.conditions import Conditions
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.market import outlook, priors
from counterpoise.market.calendar import Quarter
from counterpoise.market.chain_result import KEEPABLE
from counterpoise.market.kinds import KINDS
from counterpoise.market.scenarios import SupplyScenario
from counterpoise.market.supply_links import Array, MarketPaths, links_as_of
from counterpoise.planning.assemble import Assembled
from counterpoise.planning.supply import WEEKS_PER_QUARTER, quarters
from counterpoise.runs import read_run
from counterpoise.runs.folder import INPUTS_FOLDER
from counterpoise.service.market import all_facts

Document = dict[str, Any]
DRAWS = 20_000

CHIPS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "flagship": ("GB200", "GB300", "Rubin"),
    "hgx": (
        "A100-SXM4-40GB", "A100-SXM4-80GB", "H100-SXM5-80GB", "H100-96GB-HBM2e-500W", "H200-SXM-141GB",
        "B100", "B200-SXM-180GB", "B300-SXM", "GH200",
    ),
    "cut-down": ("A800-SXM4-80GB", "H800-SXM", "H20", "H20-141GB"),
    "amd": ("MI250", "MI250X", "MI300X", "MI308X", "MI325X", "MI350X", "MI355X", "MI455X"),
    "tpu": ("TPU-v4", "TPU-v5e", "TPU-v5p", "TPU-v6e", "TPU-v7x-Ironwood"),
    "trainium": ("Trainium1", "Trainium2", "Trainium3"),
    "mtia": ("MTIA-v1", "MTIA-v2", "MTIA-300"),
    "maia": ("Maia-100",),
    "ascend": ("Ascend-910A", "Ascend-910B", "Ascend-910C", "Ascend-950DT"),
}  # fmt: skip
"""Chips of the catalogue in each kind of the market's chain; older ones follow the line that is sold now.
Cards without stacked memory (L4, RTX) share none of the chain's limits and are in no kind."""

KIND_OF_CHIP = {chip: kind for kind, chips in CHIPS_OF_KIND.items() for chip in chips}


@dataclass(frozen=True, slots=True)
class MarketAsked:
    """A market run: what is set of its priors and of the links, its draws, its seed, the user's own facts."""

    sets: tuple[str, ...] = ()
    draws: int = DRAWS
    seed: int = 0
    facts: Path | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """A market run over the quarters of a case, the links to a buyer's offers, and what it rests on."""

    paths: MarketPaths
    links: Mapping[str, priors.Prior]
    basis: str


def of_run(run: Path, day: date) -> MarketAsked:
    """Return what a run folder of `market` or `replay` asked, to be asked again over a case's quarters.

    At most `DRAWS` draws: a few scenarios need no more.  Raises BadInput where it is no such run, or knew
    facts later than the case may.
    """
    read = read_run(run)
    kind = read.document.get("kind")
    seen = read.document if kind == "market" else read.document.get("outlook")
    if kind not in ("market", "replay") or not isinstance(seen, dict) or "as_of" not in seen:
        raise BadInput(
            "this run is not one of the market.",
            where=Where(str(run), field="--market"),
            hint="Give a folder that counterpoise market or replay wrote, or leave --market out.",
        )
    known = date.fromisoformat(str(seen["as_of"]))
    if known > day:
        raise BadInput(
            f"the market run knows facts until {known}, the case until {day}.",
            where=Where(str(run), field="--market"),
            hint=f"Run the market as of {day}.",
        )
    files = read.about["inputs"]["files"] if kind == "market" else []
    return MarketAsked(
        sets=tuple(str(s) for s in read.document.get("set") or ()),
        draws=min(int(seen["draws"]), DRAWS),
        seed=int(seen["seed"]),
        facts=read.path / INPUTS_FOLDER / str(files[0]["name"]) if files else None,
    )


def run_market(
    asked: MarketAsked,
    day: date,
    first: Quarter,
    count: int,
    *,
    unit_cost: Mapping[str, Array] | None = None,
) -> Market:
    """Look ahead as of `day` and return tightness over `count` quarters from `first` on.

    Raises UnknownName for a `set` that names neither a prior nor a link, Refused where too little was public,
    BadInput for a case that starts before the year of its as-of day.
    """
    known, links = priors.as_of(day), links_as_of(day)
    for assignment in asked.sets:
        name = assignment.partition("=")[0].strip()
        if name in links:
            links = priors.set(links, assignment)
        elif name in known or "=" not in assignment:
            known = priors.set(known, assignment)
        else:
            raise UnknownName("prior", name, [*known, *links])
    start = Quarter(day.year, 1)
    seen = outlook.look_ahead(
        all_facts(asked.facts, day),
        known,
        day,
        quarters=max(1, first - start + count),
        draws=asked.draws,
        seed=asked.seed,
        unit_cost=unit_cost,
        keep=KEEPABLE,
    )
    run = seen.chain
    if run.orders is None or run.backlog is None or run.shipments is None:
        raise AssertionError("the chain keeps what it is asked to keep")
    paths = MarketPaths.of_orders(
        start,
        KINDS,
        orders=run.orders,
        backlog=run.backlog,
        shipments=run.shipments,
        basis=seen.capex.basis,
        inputs=run.inputs,
    )
    return Market(paths.window(first, count), links, seen.capex.basis)


def kinds_of_pools(assembled: Assembled, pools: Collection[str]) -> tuple[str, ...]:
    """Kinds of the chain that pools of systems hold, in the chain's order."""
    chips = {assembled.problem.pools[p].chip for p in pools}
    return tuple(k for k in KINDS if k in {KIND_OF_CHIP.get(c) for c in chips})


def outside_the_chain(assembled: Assembled) -> tuple[str, ...]:
    """Chips of the case that no kind of the chain covers: their prices and delivery stay as known."""
    return tuple(sorted({p.chip for p in assembled.problem.pools.values()} - set(KIND_OF_CHIP)))


def conditions(assembled: Assembled, future: SupplyScenario) -> Conditions:
    """What a future says of each offer of a case.

    Delivery is the offer's weeks (or the system's) and the future's, in whole quarters as planning counts;
    where nobody states weeks, the middle of the quarter that planning assumes.
    """
    problem, supply = assembled.problem, assembled.supply
    none = (1.0,) * len(problem.periods)

    def kind(pool: str) -> str:
        return KIND_OF_CHIP.get(problem.pools[pool].chip, "")

    hired = {k: r.pool for k, r in problem.rents.items()} | {k: r.pool for k, r in problem.reserves.items()}
    leads: dict[str, tuple[int, ...]] = {}
    for id_, buy in problem.buys.items():
        stated = supply.offers[id_].lead_time_weeks
        stated = stated or supply.systems[buy.pool].figures.get("lead_time_weeks")
        weeks = stated.mid if stated else max(0.0, (buy.lead_periods - 0.5) * WEEKS_PER_QUARTER)
        extra: Sequence[float] = future.extra_weeks.get(kind(buy.pool), (0.0,) * len(none))
        leads[id_] = tuple(quarters(weeks + e) for e in extra)
    return Conditions(
        price={k: future.price.get(kind(b.pool), none) for k, b in problem.buys.items()},
        rent={k: future.rent.get(kind(pool), none) for k, pool in hired.items()},
        lead_periods=leads,
    )
