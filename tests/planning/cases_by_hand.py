"""Cases as text for the tests of planning: small ones that size and solve in a second."""

from __future__ import annotations

from counterpoise.catalogue import as_of, load
from counterpoise.catalogue.records import Catalogue
from counterpoise.planning.case import Case, parse_case

SMALL = """
name: a small case
as_of: 2025-02-03
currency: CNY
horizon: {start: 2025Q1, quarters: 3}
site: {region: CN, power: 40 kW, pue: 1.3, electricity: 0.65 CNY/kWh}
workloads:
  - id: questions
    kind: serving
    use_case: document-qa
    peak: 4 requests/s
    input_tokens: 2000
    output_tokens: 400
    cached_prefix: 0 %
    slo: {ttft: 4 s, tpot: 80 ms, percentile: 90}
    quality: {GPQA Diamond: 60}
    models: [deepseek-r1-distill-qwen-32b]
    api: forbidden
techniques: {allowed: [fp8-weights]}
engineers: {available: 4, cost: 60k CNY/month}
"""


def case_of(text: str = SMALL, catalogue: Catalogue | None = None) -> tuple[Case, Catalogue]:
    """The case a text says, and the facts known on its day."""
    everything = catalogue or load()
    case = parse_case(text, "case.yaml", everything)
    return case, as_of(everything, case.as_of)
