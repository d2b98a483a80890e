"""Every field that a case may have: what is written, in which unit, by default what, and what it means.

One table for the parser (`case_section`), the page docs/case.md and its test.  A section's fields are under
the section's name; "by quarter" forms take one value, a list with one value a quarter, or a mapping from the
quarter on which a value starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Form = Literal[
    "text",
    "date",
    "quarter",
    "whole number",
    "number",
    "choice",
    "quantity",
    "quantity by quarter",
    "money",
    "money by quarter",
    "names",
    "floors",
    "counts",
    "loads",
    "blocks",
    "section",
    "sections",
]


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `dimension` is a key of `units.DIMENSIONS` for quantities, and what money is per ("" for an amount).
    `write` is the unit that messages propose.  `positive`: 0 is a mistake.  `default` says in words what
    happens where the field is absent; it is empty for a required one.
    """

    name: str
    form: Form
    meaning: str
    default: str = ""
    example: str = ""
    dimension: str = ""
    write: str = ""
    choices: tuple[str, ...] = ()
    positive: bool = False

    @property
    def required(self) -> bool:
        """Whether a case cannot do without it."""
        return not self.default


def _quantity(
    name: str, dimension: str, write: str, meaning: str, default: str, example: str, *, positive: bool = False
) -> Field:
    return Field(name, "quantity", meaning, default, example, dimension, write, positive=positive)


CASE = (
    Field("name", "text", "what the case is called", "", "A reasoning app"),
    Field("as_of", "date", "nothing dated later is known", "", "2025-02-03"),
    Field("currency", "text", "the currency of the answer (ISO 4217)", "USD", "CNY"),
    Field("horizon", "section", "the quarters that are planned"),
    Field("site", "section", "where bought systems stand"),
    Field("limits", "section", "what may be spent and had", "no limits"),
    Field("workloads", "sections", "what must run: serving and training"),
    Field("engineers", "section", "who can adopt techniques", "an assumed team"),
    Field("finance", "section", "the price of waiting", "an assumed discount rate"),
    Field(
        "blocks", "blocks", "blocks of the day: how many, or their hours",
        "4, cut where the profiles lose least", "[00-07, 07-12, 12-18, 18-00]",
    ),
    Field("techniques", "section", "which techniques may be adopted", "all of the catalogue"),
    Field(
        "measurements", "text",
        "your own measurements, a file in the case's folder that `counterpoise calibrate` wrote",
        "the measured tables that ship", "counterpoise-profile.json",
    ),
    Field("solver", "section", "how long and how exactly to solve", "1 % and 60 s"),
)  # fmt: skip
HORIZON = (
    Field("start", "quarter", "the first quarter", "", "2025Q1"),
    Field("quarters", "whole number", "how many, 1 to 40", "", "8"),
)
SITE = (
    Field("region", "text", "a region of the catalogue: its prices, offers and export rules", "", "CN"),
    Field(
        "power", "quantity by quarter", "power at the meter for bought systems, cooling included", "no limit",
        "{2025Q1: 150 kW, 2025Q3: 300 kW}", "power", "kW",
    ),
    Field("pue", "number", "power at the meter over power of the systems, 1 to 3", "of the region", "1.35"),
    Field(
        "electricity", "money", "price of electricity", "of the region", "0.65 CNY/kWh", "kWh",
    ),
)  # fmt: skip
LIMITS = (
    Field("capex", "money", "purchases in all", "no limit", "15M CNY"),
    Field("opex", "money", "rents, energy, APIs and upkeep in all", "no limit", "40M CNY"),
    Field("capex_per_quarter", "money by quarter", "purchases in each quarter", "no limit", "4M CNY"),
    Field("opex_per_quarter", "money by quarter", "running costs in each quarter", "no limit", "5M CNY"),
    Field(
        "power", "quantity by quarter", "as `site.power`; the smaller of the two counts", "no limit",
        "[100 kW, 150 kW]", "power", "kW",
    ),
    Field("systems", "counts", "most systems of a kind at a time", "no limit", "{HGX-H20-8: 4}"),
    Field("chips", "names", "the only chips that may be bought, reserved or rented", "any chip",
          "[H800, H20]"),
    Field("vendors_excluded", "names", "vendors and providers not to be dealt with", "none", "[Huawei]"),
)  # fmt: skip
SERVING = (
    Field("id", "text", "its name in the plan", "", "app"),
    Field("kind", "choice", "what it is", "", "serving", choices=("serving", "training")),
    Field("use_case", "text", "a use case of the catalogue; it fills what is not given here", "none",
          "reasoning-chat"),
    _quantity("peak", "request rate", "requests/s", "requests in the busiest hour of the first quarter", "",
              "2 requests/s", positive=True),
    _quantity("growth", "growth", "%/quarter", "growth of demand, compounded", "0 %/quarter", "15 %/quarter"),
    _quantity("input_tokens", "tokens", "", "mean length of a prompt", "of the use case", "800",
              positive=True),
    _quantity("output_tokens", "tokens", "", "mean length of an answer with its reasoning",
              "of the use case", "3000", positive=True),
    _quantity("cached_prefix", "share", "%", "share of input tokens that repeat an earlier prefix",
              "of the use case, else 0 %", "30 %"),
    _quantity("repeat_share", "share", "%", "share of requests that an answer cache could serve",
              "of the use case, else 0 %", "5 %"),
    Field("profile", "loads", "24 hourly loads from midnight, local time, in any unit", "of the use case",
          "[2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 9, 8, 9, 10, 10, 9, 8, 7, 6, 6, 5, 4, 3]"),
    Field("slo", "section", "latency targets", "of the use case"),
    Field("quality", "floors", "least scores in percent, by benchmark", "no floor", "{AIME 2024: 70}"),
    Field("routing", "section", "requests that may go to a lesser model", "none"),
    Field("api", "choice", "whether an API may answer", "allowed", "forbidden",
          choices=("allowed", "forbidden")),
    Field("models", "names", "the only models that may serve it", "any model", "[deepseek-r1]"),
    _quantity("reserve_margin", "share", "%", "capacity kept above the busiest hour", "10 %", "10 %"),
    Field("unserved", "money", "price of a request that is not served", "all requests must be served",
          "0.5 CNY/request", "request"),
)  # fmt: skip
TRAINING = (
    Field("id", "text", "its name in the plan", "", "tuning"),
    Field("kind", "choice", "what it is", "", "training", choices=("serving", "training")),
    Field("method", "choice", "how much of the model learns", "", "lora",
          choices=("pretrain", "full", "lora")),
    Field("base", "text", "the model, or for pre-training the architecture", "",
          "deepseek-r1-distill-qwen-32b"),
    _quantity("tokens", "tokens", "M tokens", "tokens of one run", "", "300M", positive=True),
    Field("every", "choice", "how often", "once", "month", choices=("once", "month", "quarter")),
    _quantity("within", "time", "days", "longest time from the start of a run to its end",
              "as long as there is", "3 days", positive=True),
    Field("start", "date", "not before this day", "the start of the horizon", "2025-04-01"),
    Field("deadline", "date", "done by this day", "the end of the horizon", "2025-09-30"),
    _quantity("sequence_length", "tokens", "", "length of a training sequence", "4096", "8192",
              positive=True),
    Field("precision", "choice", "of the matrix products", "the best the chip supports", "fp8",
          choices=("bf16", "fp8")),
    Field("unserved", "money", "price of a run that is not done", "all runs must be done",
          "100k CNY/run", "run"),
)  # fmt: skip
SLO = (
    _quantity("ttft", "time", "s", "time to the first token", "of the use case", "3 s", positive=True),
    _quantity("tpot", "time", "ms", "time per output token", "of the use case", "60 ms", positive=True),
    Field("percentile", "number", "share of requests in percent that must meet both, 50 to 99.9", "90", "90"),
)
ROUTING = (
    _quantity("share", "share", "%", "share of requests that may go to a lesser model", "", "40 %"),
    Field(
        "quality", "floors", "least scores of the lesser model, by benchmark", "no floor", "{MATH-500: 90}"
    ),
)
ENGINEERS = (
    Field("available", "number", "engineers who can adopt techniques", "2", "4"),
    Field("cost", "money", "cost of an engineer", "assumed for the region", "60k CNY/month", "week"),
)
FINANCE = (
    _quantity("discount_rate", "annual rate", "%/year", "discount rate", "8 %/year", "8 %/year"),
)  # fmt: skip
TECHNIQUES = (
    Field("allowed", "names", "the only techniques, by name or kind", "all", "[quantise, prefix-cache]"),
    Field("excluded", "names", "techniques not to be used, by name or kind", "none", "[port]"),
)
SOLVER = (
    _quantity("gap", "share", "%", "cost that may be left open between plan and bound", "1 %",
              "0.1 %", positive=True),
    _quantity("time", "time", "s", "longest time of one solve", "60 s", "60 s", positive=True),
)  # fmt: skip

SECTIONS: Mapping[str, tuple[Field, ...]] = {
    "case": CASE,
    "horizon": HORIZON,
    "site": SITE,
    "limits": LIMITS,
    "workloads: serving": SERVING,
    "workloads: training": TRAINING,
    "slo": SLO,
    "routing": ROUTING,
    "engineers": ENGINEERS,
    "finance": FINANCE,
    "techniques": TECHNIQUES,
    "solver": SOLVER,
}
"""Fields by section; a workload's section depends on its kind."""


def table_lines() -> Iterator[str]:
    """The tables of docs/case.md, in Markdown, a line at a time."""
    for section, fields in SECTIONS.items():
        yield f"### `{section}`"
        yield ""
        yield "| field | written as | example | where absent | meaning |"
        yield "|---|---|---|---|---|"
        for f in fields:
            example = f"`{f.example}`" if f.example else ""
            default = f.default or "required"
            yield f"| `{f.name}` | {written_as(f)} | {example} | {default} | {f.meaning} |"
        yield ""


def written_as(field: Field) -> str:
    """What a value looks like, in words."""
    if field.choices:
        return ", ".join(f"`{c}`" for c in field.choices)
    if field.form.startswith("money"):
        per = f" per {_PER.get(field.dimension, field.dimension)}" if field.dimension else ""
        return field.form.replace("money", f"money{per}")
    if field.form.startswith("quantity"):
        return field.form.replace("quantity", field.dimension)
    return field.form


_PER = {"week": "time"}


if __name__ == "__main__":
    print("\n".join(table_lines()).rstrip())
