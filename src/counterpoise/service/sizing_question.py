"""What `size` may be asked, and what makes no sense in it."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.errors import BadInput, Where, nearest
from counterpoise.performance.sizing import Load

PRECISIONS = ("bf16", "fp8", "int8", "int4", "fp4")
KV_PRECISIONS = ("bf16", "fp8")
ENGINES = ("generic", "vllm", "sglang", "trtllm")
_MOST_DRAFTS = 16.0


@dataclass(frozen=True, slots=True)
class Question:
    """Lengths (tokens), targets, engine and precisions asked for; empty: all that the chip supports.

    `concurrency`: constant users of one deployment; `rate_per_s`: requests a second of all together; neither:
    the concurrency that serves most.  `speculative`: (acceptance rate, draft tokens).  `usd_per_chip_hour`
    replaces the catalogue's prices.  `aggregated` and `disaggregated`: prefill and decode on the same
    workers, or apart.
    """

    input_tokens: float
    output_tokens: float
    ttft_s: float
    tpot_s: float
    percentile: float
    cached_share: float
    precisions: tuple[str, ...]
    kv_precisions: tuple[str, ...] = ()
    engine: str = "generic"
    version: str = ""
    concurrency: float | None = None
    rate_per_s: float | None = None
    speculative: tuple[float, float] | None = None
    max_chips: int | None = None
    usd_per_chip_hour: float | None = None
    aggregated: bool = True
    disaggregated: bool = False
    frontier: bool = False

    @property
    def load(self) -> Load:
        """Users or rate asked for."""
        return Load(self.concurrency, self.rate_per_s)

    @property
    def release(self) -> str:
        """Engine and version as the measured tables name them, "" without a version."""
        return f"{self.engine} {self.version}" if self.version else ""

    def __post_init__(self) -> None:
        require_positive(
            1e12,
            ("input tokens", self.input_tokens, "--input"),
            ("output tokens", self.output_tokens, "--output"),
            ("TTFT target", self.ttft_s, "--ttft"),
            ("TPOT target", self.tpot_s, "--tpot"),
            ("users", self.concurrency, "--concurrency"),
            ("rate", self.rate_per_s, "--rate"),
            ("price of a chip-hour", self.usd_per_chip_hour, "--price"),
            ("most chips", self.max_chips, "--max-chips"),
        )
        if not 1 <= self.percentile < 100:
            raise BadInput(
                f"{self.percentile:g} is no percentile.",
                where=Where(field="--percentile"),
                hint="Write one from 50 to 99, as 90.",
            )
        if not 0 <= self.cached_share < 1:
            raise BadInput("the cached share must be from 0 % to below 100 %.", where=Where(field="--cached"))
        require_known("precision", self.precisions, PRECISIONS, "--precision")
        require_known("precision of the cache", self.kv_precisions, KV_PRECISIONS, "--kv-precision")
        require_known("engine", (self.engine,), ENGINES, "--engine")
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.concurrency is not None and self.rate_per_s is not None:
            raise BadInput(
                "users and a rate cannot both be given.",
                where=Where(field="--rate"),
                hint="Write --concurrency for constant users, or --rate for arrivals.",
            )
        if self.version and self.engine == "generic":
            raise BadInput(
                "a version is one of an engine.",
                where=Where(field="--engine-version"),
                hint="Add --engine vllm, sglang or trtllm.",
            )
        if self.speculative is not None:
            acceptance, drafts = self.speculative
            if not 0 < acceptance < 1:
                raise BadInput(
                    "an acceptance rate lies between 0 % and 100 %.",
                    where=Where(field="--acceptance"),
                    hint='Write the share of drafted tokens that are kept, as "70%".',
                )
            if not 1 <= drafts <= _MOST_DRAFTS:
                raise BadInput(
                    f"{drafts:g} draft tokens a step are not meant.",
                    where=Where(field="--draft"),
                    hint=f"Write a number from 1 to {_MOST_DRAFTS:g}; DeepSeek's own drafts 1.",
                )
        if self.disaggregated and (self.cached_share or self.speculative or self.rate_per_s):
            raise BadInput(
                "prefill and decode apart are not predicted with a prefix cache, drafts or a rate.",
                where=Where(field="--disaggregated"),
                hint="Leave out --cached, --draft and --rate, or ask for --aggregated.",
            )


def require_known(what: str, given: tuple[str, ...], known: tuple[str, ...], option: str) -> None:
    """Raise `BadInput`, with the nearest and all that may be written, for a name that is not known."""
    for name in given:
        if name not in known:
            close = nearest(name, known, 1)
            meant = f"Did you mean {close[0]}? " if close else ""
            raise BadInput(
                f'unknown {what} "{name}".',
                where=Where(field=option),
                hint=f"{meant}Choose from {', '.join(known)}.",
            )


def require_positive(below: float, *values: tuple[str, float | None, str]) -> None:
    """Raise `BadInput` for the first of `values` (what it is, value, option) not in 0 to `below`."""
    for name, value, option in values:
        if value is not None and not 0 < value < below:
            raise BadInput(f"the {name} must be a number above 0.", where=Where(field=option))
