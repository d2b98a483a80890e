"""The other way over the bridge: what a unit of work costs on each kind of chip, for the market's chip mix.

A unit of work is a million output tokens of a named model under named latency targets, at the catalogue's
prices of the day, in the precision of the release.  Kinds that only their owner uses (TPU, Trainium, MTIA,
Maia) keep the chain's own prior: what a cloud asks of others for an hour is not what it costs its owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from counterpoise.errors import Refused
from counterpoise.market.kinds import KINDS, MAY_BUY
from counterpoise.market.priors import Prior
from counterpoise.market.sampling import sample
from counterpoise.market.supply_links import Array
from counterpoise.service.bridge_market import CHIPS_OF_KIND
from counterpoise.service.cases import facts_on
from counterpoise.service.sizing import size_model
from counterpoise.service.sizing_question import Question

Document = dict[str, Any]
NOT_ORDERED = frozenset(
    (
        "A100-SXM4-40GB", "A100-SXM4-80GB", "GH200", "H100-96GB-HBM2e-500W", "B100", "A800-SXM4-80GB",
        "H800-SXM", "MI250", "MI250X", "MI308X", "Ascend-910A",
    )
)  # fmt: skip
"""Chips of a kind that nobody orders any more, or that were hardly sold: the mix is one of new orders."""
REFERENCE = "hgx"
"""The kind that all costs are relative to; without it none of them says anything."""
REFERENCE_WORK = Question(
    input_tokens=4000.0,
    output_tokens=1000.0,
    ttft_s=2.0,
    tpot_s=0.05,
    percentile=90.0,
    cached_share=0.0,
    precisions=(),
)
"""A chat with documents: 4,000 tokens in, 1,000 out, first token in 2 s, then one in 50 ms at the 90th
percentile; assumed, as every reference workload is."""
ALL_DEPLOYMENTS = 1000


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """Cost of a unit of work by kind: `usd` has shape (draws,); `rows` say where each comes from.

    `kept`: kinds that keep the chain's own prior, with the reason.
    """

    model: str
    usd: Mapping[str, Array]
    rows: tuple[Document, ...]
    kept: tuple[Document, ...]

    def document(self) -> Document:
        """As one plain document."""
        return {
            "model": self.model,
            "asked": {
                "input_tokens": REFERENCE_WORK.input_tokens,
                "output_tokens": REFERENCE_WORK.output_tokens,
                "ttft_ms": REFERENCE_WORK.ttft_s * 1e3,
                "tpot_ms": REFERENCE_WORK.tpot_s * 1e3,
                "percentile": REFERENCE_WORK.percentile,
            },
            "unit_costs": list(self.rows),
            "kept": list(self.kept),
        }


def unit_costs(model: str, day: date, *, draws: int, seed: int = 0) -> UnitCosts:
    """Price a unit of work on each kind of chip that is for sale to others, as known on `day`.

    Each kind is priced on its cheapest chip for the work.  Draws are lognormal between the ends of the
    prediction's 80 % interval.  Raises Refused where the reference kind cannot be priced.
    """
    known = facts_on(day).chips
    rows: list[Document] = []
    kept: list[Document] = []
    for kind in KINDS:
        owners = [buyer for buyer, open_ in MAY_BUY.items() if kind in open_]
        chips = tuple(c for c in CHIPS_OF_KIND[kind] if c in known and c not in NOT_ORDERED)
        if len(owners) == 1 and owners[0].isupper():
            why = f"bought by {owners[0]} alone, whose own cost nobody publishes"
            kept.append({"kind": kind, "why": why})
        elif not chips:
            kept.append({"kind": kind, "why": f"no chip of it was known on {day}"})
        else:
            found = _cheapest(model, chips, day)
            if isinstance(found, str):
                kept.append({"kind": kind, "why": found})
            else:
                rows.append({"kind": kind} | found)
    if not any(row["kind"] == REFERENCE for row in rows):
        why = next(str(k["why"]) for k in kept if k["kind"] == REFERENCE)
        raise Refused(f"{model} cannot be priced on {REFERENCE}, which the others are relative to: {why}.")
    reference = next(row["usd_per_million_output_tokens"] for row in rows if row["kind"] == REFERENCE)
    for row in rows:
        row["over_reference"] = row["usd_per_million_output_tokens"] / reference
    priors = [_prior(row, day) for row in rows]
    drawn = sample({p.name: p for p in priors}, draws, seed)
    usd = {str(row["kind"]): drawn[p.name] for row, p in zip(rows, priors, strict=True)}
    return UnitCosts(model, usd, tuple(rows), tuple(kept))


def _cheapest(model: str, chips: tuple[str, ...], day: date) -> Document | str:
    """The cheapest deployment of the model as released on one of the chips; else why there is none."""
    answer = size_model(model, chips, REFERENCE_WORK, ALL_DEPLOYMENTS, day)
    name = "usd_per_million_output_tokens"
    fitting = [d for d in answer["deployments"] if d["as_released"]]
    priced = [d for d in fitting if d[name] is not None]
    if not fitting:
        return f"no deployment of {model} as released meets the targets on {', '.join(chips)}"
    if not priced:
        return f"nobody published a price of {', '.join(sorted({d['chip'] for d in fitting}))}"
    best = min(priced, key=lambda d: (d[name], d["n_chips"], d["chip"]))
    shown = ("chip", "precision", "n_chips", name, f"low80_{name}", f"high80_{name}", "basis")
    return {k: best[k] for k in shown}


def _prior(row: Document, day: date) -> Prior:
    name = "usd_per_million_output_tokens"
    low, mid, high = (float(row[k]) for k in (f"low80_{name}", name, f"high80_{name}"))
    spread = low < mid < high
    return Prior(
        name=f"unit_cost.{row['kind']}",
        distribution="lognormal" if spread else "point",
        low=low if spread else mid,
        mid=mid,
        high=high if spread else mid,
        unit="USD/M output tokens",
        source=str(row["basis"]),
        known_on=day,
        kind="derived",
    )
