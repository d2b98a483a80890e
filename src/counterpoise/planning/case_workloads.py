"""The workloads of a case: serving and training, from what is written, the use case and the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from counterpoise.catalogue import find_model
from counterpoise.catalogue.records import Catalogue, Model, UseCase
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.planning.case_defaults import Assumed, figures_of
from counterpoise.planning.case_section import Section
from counterpoise.units import TIME_S
from counterpoise.workload.assumption import Assumption
from counterpoise.workload.calendar import Quarter
from counterpoise.workload.records import Routing, Serving, Training, TrainingMethod, Workload

LONGEST_TOKENS = 10_000_000
OWN = "own"
"""Use case of a workload that names none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything in the catalogue, what of it was known on the as-of date, and the defaults taken."""

    everything: Catalogue
    known: Catalogue
    as_of: date
    assumed: Assumed

    def model(self, name: str, where: Where) -> Model:
        """Find a model that is released by the as-of date and open to be deployed."""
        try:
            return find_model(self.known, name, where=where)
        except UnknownName:
            later = find_model(self.everything, name, where=where)
        hint = "Choose a model that is known by then, or a later as_of."
        if later.released is None:
            raise BadInput(f"{later.name} has no known release date.", where=where, hint=hint)
        problem = f"{later.name} was released {later.released}, after the as-of date {self.as_of}."
        raise BadInput(problem, where=where, hint=hint)


def schema_of(section: Section) -> str:
    """Which table a workload's fields are in: that of its kind."""
    kind = section.node.fields.get("kind")
    text = getattr(kind, "text", "")
    if text in ("serving", "training"):
        return f"workloads: {text}"
    if kind is None:
        raise BadInput(
            "it is missing.", where=section.where("kind"), hint='Write "kind: serving" or "kind: training".'
        )
    raise UnknownName("kind of workload", text, ("serving", "training"), where=section.where("kind"))


def read_workloads(case: Section, facts: Facts, periods: tuple[Quarter, ...]) -> tuple[Workload, ...]:
    """Return the workloads sorted by id; an id that is used twice is a mistake."""
    found: dict[str, Workload] = {}
    for section in case.sections("workloads", schema_of):
        serving = section.schema.endswith("serving")
        workload = _serving(section, facts) if serving else _training(section, facts, periods)
        if workload.id in found:
            raise section.bad("id", f'two workloads are called "{workload.id}".', "Give each its own id.")
        found[workload.id] = workload
    return tuple(found[id_] for id_ in sorted(found))


def _id(section: Section) -> str:
    text = section.text("id") or ""
    if "|" in text or "@" in text:
        raise section.bad(
            "id", f'"{text}" has a sign that the plan uses itself.', "Use letters, digits and -."
        )
    return text


def _serving(section: Section, facts: Facts) -> Serving:
    id_ = _id(section)
    place = f"workloads[{id_}]"
    slo = section.section("slo")
    use_case = _use_case(section, slo, facts)
    filled = figures_of(use_case) if use_case else {}

    def value(name: str, holder: Section | None, field: str) -> float:
        own = holder.quantity(field) if holder else None
        if own is not None:
            return own
        if name in filled:
            return facts.assumed.figure(f"{place}.{name}", filled[name], f"use case {use_case_name}")
        return facts.assumed.stated(name, place)

    use_case_name = use_case.name if use_case else OWN
    benchmarks = {s.benchmark for s in facts.everything.scores}
    quality = section.floors("quality", benchmarks)
    if not quality:
        facts.assumed.absent(f"{place}.quality", "no floor", "any model may serve it, however poor")
    percentile = slo.number("percentile", 50, 99.9) if slo else None
    api = section.choice("api")
    if api is None:
        facts.assumed.absent(f"{place}.api", "allowed", "an API may answer its requests")
    workload = Serving(
        id=id_,
        use_case=use_case_name,
        peak_requests_per_s=cast(float, section.quantity("peak")),
        growth_per_quarter=value("growth", section, "growth"),
        input_tokens=value("input_tokens", section, "input_tokens"),
        output_tokens=value("output_tokens", section, "output_tokens"),
        cached_prefix=value("cached_prefix", section, "cached_prefix"),
        repeat_share=value("repeat_share", section, "repeat_share"),
        profile=_profile(section, use_case, place, facts.assumed),
        ttft_s=value("slo.ttft", slo, "ttft"),
        tpot_s=value("slo.tpot", slo, "tpot"),
        percentile=facts.assumed.stated("slo.percentile", place) if percentile is None else percentile,
        quality=quality,
        routing=_routing(section, benchmarks),
        api_allowed=api != "forbidden",
        models=tuple(sorted({facts.model(name, where).name for name, where in section.names("models")})),
        reserve_margin=value("reserve_margin", section, "reserve_margin"),
        unserved_usd_per_request=section.money_usd("unserved"),
    )
    for name, tokens in (("input_tokens", workload.input_tokens), ("output_tokens", workload.output_tokens)):
        if not 1 <= tokens <= LONGEST_TOKENS:
            raise section.bad(name, f"{tokens:g} tokens a request cannot be meant.", 'Write "800".')
    return workload


def _use_case(section: Section, slo: Section | None, facts: Facts) -> UseCase | None:
    """The use case that is named; without one every field it would fill must be there."""
    name = section.text("use_case")
    if name is not None:
        if name in facts.known.use_cases:
            return facts.known.use_cases[name]
        if name in facts.everything.use_cases:
            raise section.bad("use_case", f"{name} is not known on {facts.as_of}.", "Give its fields here.")
        raise section.unknown("use_case", "use case", name, facts.everything.use_cases)
    own = [n for n in ("input_tokens", "output_tokens", "profile") if not section.has(n)]
    own += [f"slo.{n}" for n in ("ttft", "tpot") if slo is None or not slo.has(n)]
    if own:
        raise BadInput(
            f"there is neither a use case nor {', '.join(own)}.",
            where=section.where("use_case"),
            hint='Write "use_case: chat", or give each of them.',
        )
    return None


def _profile(section: Section, use_case: UseCase | None, place: str, assumed: Assumed) -> tuple[float, ...]:
    own = section.loads("profile")
    if own is not None or use_case is None:
        return own or ()
    p = use_case.profile_provenance
    note = "; ".join(n for n in (f"use case {use_case.name}", p.note) if n)
    words = " ".join(f"{load:g}" for load in use_case.profile)
    assumed.note(
        Assumption(f"{place}.profile", words, "share of the peak by hour", p.kind, p.source, p.as_of, note)
    )
    return use_case.profile


def _routing(section: Section, benchmarks: set[str]) -> Routing | None:
    routing = section.section("routing")
    if routing is None:
        return None
    return Routing(cast(float, routing.quantity("share")), routing.floors("quality", benchmarks))


def _training(section: Section, facts: Facts, periods: tuple[Quarter, ...]) -> Training:
    id_ = _id(section)
    method = cast(TrainingMethod, section.choice("method"))
    base = facts.model(section.text("base") or "", section.where("base"))
    if not base.layers or not base.open_weights:
        raise section.bad("base", f"the weights of {base.name} are not public.", "Choose an open model.")
    every = section.choice("every") or "once"
    within_s = section.quantity("within")
    start, deadline = section.day("start"), section.day("deadline")
    _check_days(section, every, start, deadline, periods)
    length = section.quantity("sequence_length")
    if length is None:
        length = facts.assumed.stated("sequence_length", f"workloads[{id_}]")
    if not 1 <= length <= LONGEST_TOKENS:
        raise section.bad("sequence_length", f"{length:g} tokens cannot be meant.", 'Write "8192".')
    return Training(
        id=id_,
        method=method,
        base=base.name,
        tokens=cast(float, section.quantity("tokens")),
        every=every,  # type: ignore[arg-type]
        within_days=None if within_s is None else within_s / TIME_S["day"],
        sequence_length=round(length),
        precision=section.choice("precision"),
        start=start,
        deadline=deadline,
        unserved_usd_per_run=section.money_usd("unserved"),
    )


def _check_days(
    section: Section, every: str, start: date | None, deadline: date | None, periods: tuple[Quarter, ...]
) -> None:
    """A run done once lies in the horizon; a recurring one has no days of its own."""
    first, last = periods[0].start, periods[-1].start
    for name, day in (("start", start), ("deadline", deadline)):
        if day is None:
            continue
        if every != "once":
            raise section.bad(name, f"a run every {every} has no {name}.", "Remove it, or write every: once.")
        if day < first:
            raise section.bad(name, f"{day} is before the horizon, which starts {first}.")
        if name == "start" and (day - last).days >= periods[-1].days:
            raise section.bad(name, f"{day} is after the horizon.")
    if start and deadline and deadline <= start:
        raise section.bad("deadline", f"{deadline} is not after the start {start}.")
