"""The facts a plan rests on, as frozen records.

Canonical units are in the names.  Money is US dollars of the day of the fact; the case converts it.
Every figure keeps where it comes from; a record without a source cannot be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Kind = Literal["list", "quoted", "measured", "derived", "assumed"]
"""How a figure is known, best first: list price or data sheet; quoted by a named third party;
measured; derived by a stated rule; assumed (shown as such in every answer that rests on it)."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says so, when, and how it is known."""

    source: str
    as_of: date
    kind: Kind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: `low <= mid <= high` in `unit`; equal where nobody gave a range."""

    mid: float
    low: float
    high: float
    unit: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Chip:
    """An accelerator.

    `figures` holds, where known: peak_bf16_flops_per_s, peak_fp8_flops_per_s, peak_int8_flops_per_s,
    peak_fp4_flops_per_s (all dense), memory_bytes, memory_bandwidth_bytes_per_s,
    scale_up_bandwidth_bytes_per_s and scale_out_bandwidth_bytes_per_s (per chip and direction),
    scale_up_chips (largest scale-up domain), tdp_w.  A missing key is a fact nobody published.
    `family` is the microarchitecture ("Hopper", "CDNA3", "Da Vinci"), `software` the stack it runs
    ("cuda", "rocm", "cann", "xla", "neuron", "gaudi", "oneapi", "other").
    """

    name: str
    vendor: str
    family: str
    software: str
    available_from: date
    figures: Mapping[str, Figure]
    provenance: Provenance

    def value(self, name: str) -> float | None:
        """Return the mid value of figure `name`, None where nobody published it."""
        figure = self.figures.get(name)
        return None if figure is None else figure.mid

    def peak_flops_per_s(self, precision: str) -> float | None:
        """Return the dense matrix peak at "bf16" | "fp8" | "int8" | "fp4"; None if the chip lacks it.

        "int4" weights are computed in bf16 after dequantisation, so their peak is that of bf16.
        """
        return self.value(f"peak_{'bf16' if precision == 'int4' else precision}_flops_per_s")


@dataclass(frozen=True, slots=True)
class System:
    """Chips joined by one scale-up fabric, as sold or rented: the unit that a plan counts.

    `figures` holds, where known: power_typical_w, power_max_w, power_idle_w, rack_units, lead_time_weeks.
    """

    name: str
    vendor: str
    chip: str
    chips: int
    scale_up_chips: int
    available_from: date
    figures: Mapping[str, Figure]
    provenance: Provenance
    flagship: bool = False


AttentionKind = Literal["full", "window", "mla", "sparse_mla", "linear", "mamba"]


@dataclass(frozen=True, slots=True)
class Attention:
    """The token mixer of a layer.

    `kv_heads` = heads is MHA, fewer is GQA, 1 is MQA.  `window` is the sliding window in tokens.
    MLA: `q_lora_rank` 0 means a full-rank query; cache per token = kv_lora_rank + qk_rope_head_dim numbers.
    sparse_mla (DSA): an indexer of `index_heads` x `index_dim` picks `index_topk` tokens.
    linear and mamba: no KV cache but `state_bytes` per sequence (bf16/fp32 as published), and
    `mixer_params` weights per layer (their projections and convolutions); `heads` x `head_dim` is the
    width of the recurrence.  `k_is_v`: one projection serves as key and value.
    """

    kind: AttentionKind
    heads: int
    kv_heads: int
    head_dim: int
    value_head_dim: int
    window: int = 0
    q_lora_rank: int = 0
    kv_lora_rank: int = 0
    qk_nope_head_dim: int = 0
    qk_rope_head_dim: int = 0
    index_heads: int = 0
    index_dim: int = 0
    index_topk: int = 0
    state_bytes: int = 0
    mixer_params: int = 0
    qkv_bias: bool = False
    output_bias: bool = False
    qk_norm: bool = False
    output_gate: bool = False
    k_is_v: bool = False


@dataclass(frozen=True, slots=True)
class FeedForward:
    """The channel mixer of a layer: dense (`experts` = 0) or mixture of experts.

    `intermediate` is the width of the dense layer, or of one expert.  `matrices` is 3 for gated
    (SwiGLU) and 2 for plain layers.  `shared_intermediate` is the summed width of the shared experts, or
    of a dense layer that runs beside the experts.  `latent` is the width the routed experts work in where
    one projection before and one after them narrow it (0: the hidden width).
    """

    intermediate: int
    matrices: int = 3
    experts: int = 0
    top_k: int = 0
    shared_intermediate: int = 0
    bias: bool = False
    latent: int = 0


@dataclass(frozen=True, slots=True)
class Layers:
    """`count` equal layers; either half may be absent in hybrids."""

    count: int
    attention: Attention | None
    feed_forward: FeedForward | None


@dataclass(frozen=True, slots=True)
class Model:
    """A language model: its architecture, and what is public about it.

    `layers` is empty for a closed model, which can be scored and bought as an API but not deployed.
    `other_params` are weights outside the layers, embedding and head (vision towers, norms: see note).
    `params_published` and `active_params_published` are what the author states, in weights.
    `native_precision`: "bf16" | "fp8" | "fp4" | "int4", as released.
    """

    name: str
    hidden: int
    vocab: int
    tie_embeddings: bool
    layers: tuple[Layers, ...]
    max_position: int
    native_precision: str
    released: date | None
    open_weights: bool
    licence: str
    provenance: Provenance
    hf_id: str = ""
    family: str = ""
    mtp_layers: int = 0
    other_params: int = 0
    params_published: float | None = None
    active_params_published: float | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """A benchmark score in percent with its standard error; `precision` of the weights that were scored."""

    model: str
    benchmark: str
    score_pct: float
    standard_error_pct: float
    precision: str
    provenance: Provenance


TechniqueKind = Literal[
    "quantise",
    "quantise-kv",
    "port",
    "distil",
    "fine-tune",
    "speculative",
    "prefix-cache",
    "answer-cache",
    "routing",
]


@dataclass(frozen=True, slots=True)
class Technique:
    """What changes a variant or a workload at a cost.  Costs and effects are figures with sources.

    `figures` holds, as they apply: engineer_weeks, lead_weeks, cost_usd (data, licences, validation),
    opex_usd_per_month, efficiency_factor (multiplies goodput once mature), immature_factor (until then),
    mature_after_weeks, score_recovery (of the native score, 0-1), acceptance_rate and draft_tokens
    (speculative), hit_rate (answer cache), training_tokens (work that must itself be run).
    `to` is what it leads to: a precision ("fp8"), a software stack ("cann"), a model to distil into, or "".
    `applies_to` restricts it to models, families, stacks or use cases; empty: to all.
    """

    name: str
    kind: TechniqueKind
    to: str
    applies_to: tuple[str, ...]
    available_from: date
    figures: Mapping[str, Figure]
    provenance: Provenance


OfferKind = Literal["buy", "reserve", "on_demand", "spot"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to get a system or chips: a price with a date.

    `price_usd`: per system for buy, per chip-hour otherwise.  `regions` empty: everywhere.
    `term_months` is the commitment of a reservation.  `available_per_quarter` limits systems, None: no limit.
    `valid_from` .. `valid_to` (exclusive, None: open) is when the price may be taken.
    """

    name: str
    kind: OfferKind
    provider: str
    system: str
    chip: str
    regions: tuple[str, ...]
    price_usd: Figure
    valid_from: date
    valid_to: date | None = None
    minimum_chips: int = 1
    term_months: int = 0
    lead_time_weeks: Figure | None = None
    available_per_quarter: int | None = None


@dataclass(frozen=True, slots=True)
class ApiPrice:
    """Tokens by API, US dollars per million tokens; input hit = served from the provider's prefix cache."""

    name: str
    provider: str
    model: str
    regions: tuple[str, ...]
    input_usd_per_m: Figure
    cached_input_usd_per_m: Figure
    output_usd_per_m: Figure
    off_peak: bool
    valid_from: date
    valid_to: date | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class SiteFact:
    """A figure of a region: item "electricity" (USD/kWh), "pue", "colocation" (USD/kW-month), "vat", ..."""

    region: str
    item: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class ExportRule:
    """From `valid_from` until `valid_to` `chips` may (`allowed`) or may not be newly had in `regions`.

    The rule is unknown to a case dated before `known_from`; the end `valid_to` before `end_known_from`.
    """

    name: str
    chips: tuple[str, ...]
    regions: tuple[str, ...]
    allowed: bool
    valid_from: date
    valid_to: date | None
    known_from: date
    end_known_from: date | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """`units_per_usd` of `currency` on the date of its provenance."""

    currency: str
    units_per_usd: Figure


@dataclass(frozen=True, slots=True)
class UseCase:
    """A template of a serving workload: lengths, latency targets and the shape of the day.

    `profile` is 24 hourly loads, local time, as fractions of the peak hour (max 1).
    """

    name: str
    input_tokens: Figure
    output_tokens: Figure
    cached_prefix: Figure
    ttft_s: Figure
    tpot_s: Figure
    repeat_share: Figure
    profile: tuple[float, ...]
    profile_provenance: Provenance


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All facts, each collection by name.  `as_of(date)` returns what was known on a date."""

    chips: Mapping[str, Chip] = field(default_factory=dict)
    systems: Mapping[str, System] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    techniques: Mapping[str, Technique] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    offers: tuple[Offer, ...] = ()
    api_prices: tuple[ApiPrice, ...] = ()
    sites: tuple[SiteFact, ...] = ()
    export_rules: tuple[ExportRule, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    use_cases: Mapping[str, UseCase] = field(default_factory=dict)
