"""Techniques as decisions: what must be adopted, by when, at what cost, for a variant to run.

A technique is adopted once for its scope: a precision or a draft for one model, a port for one software
stack, a cache or a router for the whole case.  The scope is in the id: "fp8-weights: qwen-32b".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from counterpoise.catalogue.records import Catalogue, Figure, Model, Technique
from counterpoise.errors import BadInput, Where
from counterpoise.planning.problem import Requirement, TechniqueOption

WEEKS_PER_QUARTER = 13.0
MONTHS_PER_QUARTER = 3.0


@dataclass(frozen=True, slots=True)
class Adoption:
    """A technique in its scope: periods until it is usable, and until it runs at full efficiency."""

    id: str
    technique: Technique
    scope: str
    lag_periods: int
    mature_lag_periods: int

    def figure(self, name: str, default: float) -> float:
        """Mid value of a figure of the technique, `default` where it has none."""
        figure = self.technique.figures.get(name)
        return default if figure is None else figure.mid

    def effect(self, name: str) -> float:
        """Mid value of a figure that the technique cannot do without; BadInput where it has none."""
        figure = self.technique.figures.get(name)
        if figure is None:
            raise BadInput(
                f'technique "{self.technique.name}" has no figure "{name}".',
                where=Where("technique_figures.csv"),
                hint="Add its row, with source and date, to the case's catalogue folder.",
            )
        return figure.mid

    @property
    def requirement(self) -> Requirement:
        """What a deployment that needs it asks for."""
        return Requirement(self.id, self.lag_periods)

    @property
    def recovery(self) -> Figure | None:
        """Share of the native score that it leaves."""
        return self.technique.figures.get("score_recovery")


def nearest_quarters(weeks: float) -> int:
    """Quarters nearest to `weeks`: work of less than half a quarter is usable in the quarter it starts."""
    return max(0, int(weeks / WEEKS_PER_QUARTER + 0.5))


def applies(technique: Technique, *names: str) -> bool:
    """Whether a technique may be used on any of `names` (model, family, stack, use case); empty: on all."""
    return not technique.applies_to or any(n in technique.applies_to for n in names if n)


@dataclass(slots=True)
class Techniques:
    """The techniques open to a case, and the adoptions that its deployments have asked for so far."""

    known: tuple[Technique, ...]
    asked: dict[str, Adoption] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, excluded: Iterable[str] = ()) -> Techniques:
        """Those of the catalogue, less the kinds and names that the case excludes."""
        out = {e.casefold() for e in excluded}
        kept = (
            t for t in catalogue.techniques.values() if t.name.casefold() not in out and t.kind not in out
        )
        return cls(tuple(sorted(kept, key=lambda t: t.name)))

    def find(self, kind: str, *, to: str | None = None, names: tuple[str, ...] = ()) -> Technique | None:
        """First technique of `kind` that leads `to` and applies to one of `names`."""
        return next(
            (t for t in self.known if t.kind == kind and to in (None, t.to) and applies(t, *names)), None
        )

    def adopt(self, technique: Technique, scope: str) -> Adoption:
        """The adoption of `technique` in `scope`, remembered for the plan."""
        id_ = f"{technique.name}: {scope}" if scope else technique.name
        if id_ not in self.asked:
            lead = technique.figures.get("lead_weeks")
            mature = technique.figures.get("mature_after_weeks")
            lag = nearest_quarters(lead.mid) if lead else 0
            self.asked[id_] = Adoption(
                id_, technique, scope, lag, lag + (nearest_quarters(mature.mid) if mature else 0)
            )
        return self.asked[id_]

    def options(self, training: dict[str, str], used: set[str]) -> dict[str, TechniqueOption]:
        """Adoption decisions for the optimiser; `training` names the work that an adoption needs first."""
        return {
            id_: TechniqueOption(
                id=id_,
                cost_usd=a.figure("cost_usd", 0.0),
                engineer_weeks=a.figure("engineer_weeks", 0.0),
                opex_usd_per_period=a.figure("opex_usd_per_month", 0.0) * MONTHS_PER_QUARTER,
                training=training.get(id_),
            )
            for id_, a in sorted(self.asked.items())
            if id_ in used
        }


def precisions(techniques: Techniques, model: Model) -> dict[str, Adoption | None]:
    """Weight precisions a model can run at, each with the adoption it needs (None: as released).

    A model released below 16 bit can be cast back up without loss and without a technique.
    """
    names = (model.name, model.family)
    found: dict[str, Adoption | None] = {model.native_precision: None}
    if model.native_precision != "bf16":
        found["bf16"] = None
    for precision in ("fp8", "int8", "int4", "fp4"):
        technique = techniques.find("quantise", to=precision, names=names)
        if precision not in found and technique is not None:
            found[precision] = techniques.adopt(technique, model.name)
    return found
