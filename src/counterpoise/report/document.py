"""The plan document: one JSON object with all that the terminal, the page and the run folder show.

Money is in the case's currency; every other number has its unit in its key.  The first half needs only the
plan, the second the analyses that need more solves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from counterpoise.planning.assemble import Assembled
from counterpoise.planning.case import Case
from counterpoise.planning.plan import Plan
from counterpoise.planning.techniques import Adoption
from counterpoise.report.answer import paragraph
from counterpoise.workload.assumption import Assumption
from counterpoise.workload.records import Serving

Document = dict[str, Any]
LEAST = 1e-6
"""Below this many systems or requests/s a value is the solver's dust."""


def plan_document(case: Case, assembled: Assembled, plan: Plan, run: str) -> Document:
    """Return what is known as soon as the plan is solved."""
    view = _View(case, assembled, plan)
    document: Document = {
        "run": run,
        "status": plan.status,
        "gap": plan.gap,
        "case": {
            "name": case.name,
            "as_of": case.as_of.isoformat(),
            "currency": case.currency,
            "region": case.site.region,
            "periods": [p.label for p in case.periods],
            "blocks": [{"label": b.label, "hours": b.hours} for b in case.blocks],
        },
        "cost": {
            "value": view.money(plan.objective_usd),
            "currency": case.currency,
            "year": case.periods[0].start.year,
            "quarters": len(case.periods),
        },
        "answer": "",
        "purchases": list(view.purchases()),
        "rentals": list(view.rentals()),
        "techniques": list(view.techniques()),
        "deployments": list(view.deployments()),
        "cost_items": view.cost_items(),
        "cost_by_period": view.cost_by_period(),
        "warnings": list(view.warnings()),
        "assumptions": [assumption_row(a) for a in assembled.assumptions],
    }
    document["answer"] = paragraph(document)
    return document


def assumption_row(assumption: Assumption) -> Document:
    """Return one assumption as the document shows it."""
    return {
        "field": assumption.field,
        "value": assumption.value,
        "unit": assumption.unit,
        "kind": assumption.kind,
        "source": assumption.source,
        "as_of": assumption.as_of.isoformat() if assumption.as_of else None,
        "note": assumption.note,
    }


class _View:
    """The plan's numbers joined with the records behind their ids."""

    def __init__(self, case: Case, assembled: Assembled, plan: Plan) -> None:
        self.case, self.assembled, self.plan = case, assembled, plan
        self.periods = [p.label for p in case.periods]
        self.blocks = [b.label for b in case.blocks]

    def money(self, usd: float) -> float:
        """US dollars in the case's currency."""
        return usd * self.case.units_per_usd

    def _label(self, period: int) -> str:
        return self.periods[period] if period < len(self.periods) else f"after {self.periods[-1]}"

    def purchases(self) -> Iterator[Document]:
        """Orders by period."""
        for t, period in enumerate(self.periods):
            for id_, counts in sorted(self.plan.buy.items()):
                if counts[t] < LEAST:
                    continue
                buy, offer = self.assembled.problem.buys[id_], self.assembled.supply.offers[id_]
                system = self.assembled.supply.systems[buy.pool]
                price = self.money(buy.price_usd[t])
                yield {
                    "period": period,
                    "offer": id_,
                    "provider": offer.provider,
                    "system": system.name,
                    "chip": system.chip,
                    "systems": counts[t],
                    "chips": counts[t] * system.chips,
                    "price_per_system": price,
                    "cost": price * counts[t],
                    "arrives": self._label(t + buy.lead_periods),
                }

    def rentals(self) -> Iterator[Document]:
        """Reservations by period of signing, and on-demand systems by period and block."""
        problem = self.assembled.problem
        for t, period in enumerate(self.periods):
            for id_, counts in sorted(self.plan.reserve.items()):
                if counts[t] < LEAST:
                    continue
                reserve = problem.reserves[id_]
                ends = min(t + reserve.term_periods, len(self.periods))
                yield self._rental("reserve", id_, reserve.pool, t, counts[t]) | {
                    "until": self.periods[ends - 1],
                    "block": None,
                    "cost": self.money(reserve.price_usd[t]) * counts[t] * (ends - t),
                }
            for id_, rows in sorted(self.plan.rent.items()):
                for b, block in enumerate(self.blocks):
                    if rows[t][b] < LEAST:
                        continue
                    rent = problem.rents[id_]
                    hours = problem.periods[t].days * problem.blocks[b].hours
                    yield self._rental("on_demand", id_, rent.pool, t, rows[t][b]) | {
                        "until": period,
                        "block": block,
                        "days": "all",
                        "cost": self.money(rent.price_usd_per_h[t]) * rows[t][b] * hours,
                    }
            yield from self._training_days(t)

    def _training_days(self, t: int) -> Iterator[Document]:
        """Systems rented only on the days of training runs; what a period pays is split by system-hours."""
        problem = self.assembled.problem
        for id_, rows in sorted(self.plan.window_rent.items()):
            rent = problem.rents[id_]
            hours = [x * b.hours for x, b in zip(rows[t], problem.blocks, strict=True)]
            if sum(hours) < LEAST:
                continue
            paid = sum(c.usd for c in self.plan.costs if (c.item, c.id, c.period) == ("rent", id_, t))
            daily = self.plan.rent.get(id_)
            if daily is not None:
                full = sum(x * b.hours for x, b in zip(daily[t], problem.blocks, strict=True))
                paid -= full * problem.periods[t].days * rent.price_usd_per_h[t]
            for b, block in enumerate(self.blocks):
                if rows[t][b] >= LEAST:
                    yield self._rental("on_demand", id_, rent.pool, t, rows[t][b]) | {
                        "until": self.periods[t],
                        "block": block,
                        "days": "training",
                        "cost": self.money(paid) * hours[b] / sum(hours),
                    }

    def _rental(self, kind: str, id_: str, pool: str, period: int, systems: float) -> Document:
        system, offer = self.assembled.supply.systems[pool], self.assembled.supply.offers[id_]
        return {
            "kind": kind,
            "offer": id_,
            "provider": offer.provider,
            "system": system.name,
            "chip": system.chip,
            "period": self.periods[period],
            "systems": systems,
            "chips": systems * system.chips,
        }

    def techniques(self) -> Iterator[Document]:
        """Adoptions, and when each can be used."""
        for id_, values in sorted(self.plan.adopt.items()):
            t = next((t for t, x in enumerate(values) if x > 0.5), None)
            if t is None:
                continue
            adoption = self.assembled.adoptions[id_]
            option = self.assembled.problem.techniques[id_]
            engineers = option.engineer_weeks * self.assembled.problem.engineer_usd_per_week
            yield {
                "technique": id_,
                "kind": adoption.technique.kind,
                "what": what_technique(adoption),
                "period": self.periods[t],
                "usable_from": self._label(t + adoption.lag_periods),
                "cost": self.money(option.cost_usd + engineers),
                "engineer_weeks": option.engineer_weeks,
                "why": "",
            }

    def deployments(self) -> Iterator[Document]:
        """What runs where, by period and block: systems, APIs, caches, and what is left unserved."""
        for t, period in enumerate(self.periods):
            for b, block in enumerate(self.blocks):
                at = {"period": period, "block": block}
                for id_, rows in sorted(self.plan.run.items()):
                    if rows[t][b] > LEAST:
                        row = self._serving if id_ in self.assembled.serving else self._training
                        yield at | row(id_, t, b)
                for id_, rows in sorted(self.plan.substitute.items()):
                    if rows[t][b] > LEAST:
                        yield at | self._substitute(id_, t, b)
                for id_, rows in sorted(self.plan.unserved.items()):
                    if id_ in self.assembled.problem.serving_demand and rows[t][b] > LEAST:
                        yield at | self._requests(id_, "unserved", rows[t][b], t, b)

    def _requests(self, workload: str, kind: str, rate: float, t: int, b: int) -> Document:
        demand = self.assembled.problem.serving_demand[workload]
        needed = demand.peak_requests_per_s[t][b]
        return {
            "workload": workload,
            "kind": kind,
            "requests_per_s": rate,
            "tokens_per_s": rate * demand.output_tokens,
            "share": rate / needed if needed else 0.0,
            "systems": 0.0,
            "chips": 0.0,
        }

    def _serving(self, id_: str, t: int, b: int) -> Document:
        sized, systems = self.assembled.serving[id_], self.plan.run[id_][t][b]
        d, point = sized.deployment, sized.point
        pool = self.assembled.problem.pools[d.pool]
        return self._requests(d.workload, "serving", systems * d.requests_per_s, t, b) | {
            "variant": f"{sized.model} {sized.precision}",
            "model": sized.model,
            "precision": sized.precision,
            "kv_precision": sized.kv_precision,
            "system": sized.system,
            "place": "site" if pool.on_site else "cloud",
            "systems": systems,
            "chips": systems * pool.chips_per_system,
            "replicas": systems / d.replica_systems,
            "parallelism": {"tp": point.tp, "pp": point.pp, "dp": point.dp, "ep": point.ep},
            "concurrency": point.concurrency,
            "ttft_s": point.ttft_s,
            "tpot_s": point.tpot_s,
            "share_group": d.share_group,
            "quality": {
                g.benchmark: {
                    "score_pct": g.score_pct,
                    "standard_error_pct": g.standard_error_pct,
                    "floor_pct": g.floor_pct,
                    "probability": g.probability,
                }
                for g in sized.grades
            },
            "basis": point.basis,
        }

    def _training(self, id_: str, t: int, b: int) -> Document:
        sized, systems = self.assembled.training[id_], self.plan.run[id_][t][b]
        d, point = sized.deployment, sized.point
        pool = self.assembled.problem.pools[d.pool]
        return {
            "workload": d.workload,
            "kind": "training",
            "variant": f"{sized.model} {point.precision}",
            "model": sized.model,
            "precision": point.precision,
            "system": sized.system,
            "place": "site" if pool.on_site else "cloud",
            "systems": systems,
            "chips": systems * pool.chips_per_system,
            "replicas": systems / d.replica_systems,
            "requests_per_s": 0.0,
            "tokens_per_s": systems * d.tokens_per_s,
            "share": 1.0,
            "parallelism": {"tp": point.tp, "pp": point.pp, "dp": point.dp, "ep": point.ep},
            "basis": point.basis,
        }

    def _substitute(self, id_: str, t: int, b: int) -> Document:
        substitute, rate = self.assembled.problem.substitutes[id_], self.plan.substitute[id_][t][b]
        api = self.assembled.apis.get(id_)
        kind = "answer-cache" if api is None else "api"
        return self._requests(substitute.workload, kind, rate, t, b) | {
            "variant": "answer cache" if api is None else api.model,
            "model": "" if api is None else api.model,
            "precision": "",
            "system": "answer cache" if api is None else f"{api.provider} API",
            "place": "cache" if api is None else "api",
            "share_group": substitute.share_group,
            "basis": "" if api is None else f"list price, {api.output_usd_per_m.provenance.as_of}",
        }

    def cost_items(self) -> list[Document]:
        """Present value by item, and the share of the total."""
        totals: dict[str, float] = {}
        for row in self.plan.costs:
            totals[row.item] = totals.get(row.item, 0.0) + row.present_usd
        whole = self.plan.objective_usd or 1.0
        return [
            {"item": item, "value": self.money(usd), "share": usd / whole}
            for item, usd in sorted(totals.items(), key=lambda kv: -kv[1])
            if abs(usd) > LEAST
        ]

    def cost_by_period(self) -> list[Document]:
        """Present value by item and period."""
        totals: dict[tuple[int, str], float] = {}
        for row in self.plan.costs:
            key = row.period, row.item
            totals[key] = totals.get(key, 0.0) + row.present_usd
        return [
            {"period": self._label(t), "item": item, "value": self.money(usd)}
            for (t, item), usd in sorted(totals.items())
            if abs(usd) > LEAST
        ]

    def warnings(self) -> Iterator[str]:
        """What a buyer must know before he signs."""
        for pool in self.plan.relaxed_integers:
            yield f"{pool} may hold so many systems that fractions of one were planned; round up."
        for pool in dict.fromkeys(u.pool for u in self.plan.unplaced):
            times = [u for u in self.plan.unplaced if u.pool == pool]
            worst = max(times, key=lambda u: u.systems_needed - u.systems_held)
            when = f"{self.periods[worst.period]} {self.blocks[worst.block]}"
            yield (
                f"Whole replicas would take up to {worst.systems_needed:.2f} systems of {pool} ({when}), "
                f"{worst.systems_held:.2f} are held; short in {len(times)} blocks."
            )
        for id_, offer in sorted(self.assembled.supply.offers.items()):
            taken = sum(self.plan.buy.get(id_, ())) + sum(self.plan.reserve.get(id_, ()))
            taken += sum(x for row in self.plan.rent.get(id_, ()) for x in row)
            figure = offer.price_usd.provenance
            days = (self.case.as_of - figure.as_of).days
            what = offer.system or offer.chip
            if taken > LEAST and figure.kind == "assumed":
                yield f"The price of {what} ({offer.provider}) is assumed; ask for a quote."
            if taken > LEAST and days > 92:
                yield f"The price of {what} ({offer.provider}) is {days} days old."
        for what, grade in sorted(self._grades().items()):
            if grade[1] < 0.9:
                yield f"{what}: {grade[0]} (probability {grade[1]:.0%} that the true score meets the floor)."

    def _grades(self) -> Mapping[str, tuple[str, float]]:
        found: dict[str, tuple[str, float]] = {}
        for id_, rows in self.plan.run.items():
            if id_ not in self.assembled.serving or not any(x > LEAST for row in rows for x in row):
                continue
            sized = self.assembled.serving[id_]
            for g in sized.grades:
                what = f"{sized.model} {sized.precision} for {sized.deployment.workload}"
                words = (
                    f"{g.benchmark} {g.score_pct:.1f} ± {g.standard_error_pct:.1f} %, floor {g.floor_pct:g} %"
                )
                found[what] = min(
                    found.get(what, (words, math.inf)), (words, g.probability), key=lambda x: x[1]
                )
        return found


def what_technique(adoption: Adoption) -> str:
    """Return an adoption in words."""
    technique = adoption.technique
    words = {
        "quantise": f"{adoption.scope} to {technique.to.upper()} weights",
        "quantise-kv": f"{technique.to.upper()} KV cache for {adoption.scope}",
        "port": f"port of the serving stack to {technique.to.upper()}",
        "speculative": f"speculative decoding for {adoption.scope}",
        "prefix-cache": "prefix cache",
        "answer-cache": "answer cache",
        "routing": "router to a smaller model",
        "fine-tune": f"fine-tuning of {adoption.scope}",
        "distil": f"distillation into {adoption.scope}",
    }
    return words.get(technique.kind, adoption.id)


def serving_workloads(case: Case) -> list[Serving]:
    """The serving workloads of a case."""
    return [w for w in case.workloads if isinstance(w, Serving)]
