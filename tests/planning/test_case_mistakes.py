"""Every mistake in a case is one message: file, line, field, what is wrong and what to write."""

from pathlib import Path

import pytest

from counterpoise.catalogue import load
from counterpoise.catalogue.tree import LARGEST_BYTES
from counterpoise.errors import BadInput, UnknownName
from counterpoise.planning.case import parse_case

CATALOGUE = load()
TEXT = (Path(__file__).parents[2] / "examples/sme-reasoning/case.yaml").read_text(encoding="utf-8")
SITE = "site: {region: CN, power: 150 kW, pue: 1.35, electricity: 0.65 CNY/kWh}"
SLO = "slo: {ttft: 3 s, tpot: 60 ms, percentile: 90}"


def message(text):
    with pytest.raises(BadInput) as caught:
        parse_case(text, "mycase/case.yaml", CATALOGUE)
    return str(caught.value), caught.value


# In the example: what is written, what is written instead, line, field, words of the message.
MISTAKES = [
    ("tpot: 60 ms", "tpot: 60", 16, "workloads[0].slo.tpot", '"60" has no unit. Write "60 ms".'),
    ("tpot: 60 ms", "tpt: 60 ms", 16, "workloads[0].slo.tpt", "Did you mean tpot"),
    ("tpot: 60 ms", "tpot: 60 kW", 16, "workloads[0].slo.tpot", "is not a time"),
    ("percentile: 90", "percentile: 9", 16, "workloads[0].slo.percentile", "not between 50 and 99.9"),
    ("percentile: 90", "percentile: 0.9", 16, "workloads[0].slo.percentile", "not between"),
    ("name: A reasoning app\n", "", 1, "name", "it is missing."),
    ("currency: CNY", "currency: CNV", 3, "currency", "Did you mean CNY"),
    ("as_of: 2025-02-03", "as_of: 2025-2-3", 2, "as_of", 'Write it as "2025-02-03".'),
    ("as_of: 2025-02-03", "as_of: 2025-02-30", 2, "as_of", "is not a date"),
    ("as_of: 2025-02-03", "as_of: 0001-01-01", 2, "as_of", "cannot be meant"),
    (
        "as_of: 2025-02-03",
        "as_of: 2025-04-01",
        4,
        "horizon.start",
        "2025Q1 is over on the as-of date 2025-04-01",
    ),
    ("start: 2025Q1", "start: 2029Q1", 4, "horizon.start", "more than three years after"),
    ("start: 2025Q1", "start: 2025-01", 4, "horizon.start", 'Write "2025Q1".'),
    ("quarters: 8", "quarters: 41", 4, "horizon.quarters", "41 is not between 1 and 40"),
    ("quarters: 8", "quarters: 0", 4, "horizon.quarters", "not between"),
    ("quarters: 8", "quarters: 2.5", 4, "horizon.quarters", "not a whole number"),
    (", quarters: 8", "", 4, "horizon.quarters", "missing"),
    ("horizon: {start: 2025Q1, quarters: 8}", "horizon: 8", 4, "horizon", "fields were expected"),
    ("region: CN", "region: NO", 5, "site.region", 'unknown region "NO". Known are AE,'),
    ("region: CN", "region: cn", 5, "site.region", "Did you mean CN"),
    ("region: CN", "region: CN esat", 5, "site.region", "Did you mean CN west or CN east"),
    ("power: 150 kW", "power: -150 kW", 5, "site.power", "negative"),
    ("power: 150 kW", "power: 150", 5, "site.power", 'Write "150 kW".'),
    ("power: 150 kW", "power: .inf", 5, "site.power", "not a finite number"),
    ("power: 150 kW", "power: {2025Q2: 150 kW}", 5, "site.power", "nothing is said about 2025Q1"),
    ("power: 150 kW", "power: {2025Q9: 150 kW}", 5, "site.power.2025Q9", "is not a quarter"),
    ("power: 150 kW", "power: [150 kW, 200 kW]", 5, "site.power", "2 values for 8 quarters"),
    ("pue: 1.35", "pue: 0.9", 5, "site.pue", "not between 1 and 3"),
    ("pue: 1.35", "pue: nan", 5, "site.pue", "not a finite number"),
    ("0.65 CNY/kWh", "0.65 CNY", 5, "site.electricity", 'Write "0.65 CNY/kWh".'),
    ("0.65 CNY/kWh", "0.65 CNY/h", 5, "site.electricity", "money per kWh is meant"),
    ("capex: 15M CNY", "capex: 15M", 6, "limits.capex", 'Write "15M CNY".'),
    ("capex: 15M CNY", "capex: 1e999 CNY", 6, "limits.capex", "not a finite number"),
    ("capex: 15M CNY", "capex: -1 CNY", 6, "limits.capex", "negative"),
    ("capex: 15M CNY", "capex: 15M GBX", 6, "limits.capex", "Did you mean GBP"),
    ("capex: 15M CNY", "systems: {HGX-H21-8: 4}", 6, "limits.systems[HGX-H21-8]", "Did you mean HGX-H20-8"),
    ("capex: 15M CNY", "systems: {HGX-H20-8: 1.5}", 6, "limits.systems[HGX-H20-8]", "not a whole number"),
    ("capex: 15M CNY", "systems: 4", 6, "limits.systems", "names with values"),
    ("capex: 15M CNY", "vendors_excluded: [Huwei]", 6, "limits.vendors_excluded[0]", "Did you mean Huawei"),
    ("capex: 15M CNY", "chips: [H200X]", 6, "limits.chips[0]", 'unknown chip "H200X"'),
    ("capex: 15M CNY", "capexx: 15M CNY", 6, "limits.capexx", "Did you mean capex"),
    ("id: app\n", "id: app | x\n", 8, "workloads[0].id", "a sign that the plan uses itself"),
    ("id: confidential", "id: app", 20, "workloads[1].id", 'two workloads are called "app"'),
    ("kind: training", "kind: tranning", 21, "workloads[2].kind", "Did you mean training"),
    ("kind: training, ", "", 21, "workloads[2].kind", "missing"),
    (
        "use_case: document-qa",
        "use_case: document-q",
        20,
        "workloads[1].use_case",
        "Did you mean document-qa",
    ),
    ("use_case: document-qa, ", "", 20, "workloads[1].use_case", "neither a use case nor input_tokens"),
    ("peak: 2 requests/s", "peak: 2", 11, "workloads[0].peak", 'Write "2 requests/s".'),
    ("peak: 2 requests/s", "peak: 0 requests/s", 11, "workloads[0].peak", "leaves nothing"),
    ("peak: 2 requests/s", "peak:", 11, "workloads[0].peak", "no value"),
    ("peak: 2 requests/s", "peak: [2, 3]", 11, "workloads[0].peak", "one value was expected"),
    ("growth: 15 %/quarter", "growth: 15 %", 12, "workloads[0].growth", 'Write "15 %/quarter".'),
    ("growth: 15 %/quarter", "growth: -100 %/quarter", 12, "workloads[0].growth", "leaves nothing"),
    ("input_tokens: 800", "input_tokens: 0.5", 13, "workloads[0].input_tokens", "cannot be meant"),
    ("output_tokens: 3000", "output_tokens: 3e12", 14, "workloads[0].output_tokens", "cannot be meant"),
    ("cached_prefix: 30 %", "cached_prefix: 0.3", 15, "workloads[0].cached_prefix", 'Write "30 %".'),
    ("cached_prefix: 30 %", "profile: [1, 2]", 15, "workloads[0].profile", "Write 24"),
    ("cached_prefix: 30 %", "profile: [" + "0, " * 23 + "0]", 15, "workloads[0].profile", "all loads are 0"),
    ("cached_prefix: 30 %", "profile: [" + "1, " * 23 + "x]", 15, "workloads[0].profile[23]", "not a number"),
    ("AIME 2024: 70", "AIME 2024: 170", 17, "workloads[0].quality[AIME 2024]", "not a score in percent"),
    ("AIME 2024: 70", "AIME 2024: 0.7", 17, "workloads[0].quality[AIME 2024]", "70"),
    ("AIME 2024: 70", "AIME24: 70", 17, "workloads[0].quality[AIME24]", "Did you mean AIME 2024"),
    ("AIME 2024: 70", "AIME 2024: 70, AIME 2024: 80", 17, "AIME 2024", "given twice"),
    ("share: 40 %", "share: 140 %", 18, "workloads[0].routing.share", "At most 100 %"),
    ("share: 40 %, ", "", 18, "workloads[0].routing.share", "missing"),
    ("api: allowed", "api: yes", 19, "workloads[0].api", "not among allowed, forbidden"),
    ("api: allowed", "models: [qwen-32]", 19, "workloads[0].models[0]", "Did you mean"),
    (
        "api: allowed",
        "models: [qwq-32b]",
        19,
        "workloads[0].models[0]",
        "was released 2025-03-05, after the as-of date",
    ),
    (
        "base: deepseek-r1-distill-qwen-32b",
        "base: qwq-32b",
        21,
        "workloads[2].base",
        "was released 2025-03-05",
    ),
    ("base: deepseek-r1-distill-qwen-32b", "base: o1", 21, "workloads[2].base", "are not public"),
    ("base: deepseek-r1-distill-qwen-32b", "base: xyzzy", 21, "workloads[2].base", 'unknown model "xyzzy"'),
    ("tokens: 300M", "tokens: 0", 21, "workloads[2].tokens", "leaves nothing"),
    ("every: month", "every: day", 21, "workloads[2].every", "not among once, month, quarter"),
    ("within: 3 days", "within: 3", 21, "workloads[2].within", 'Write "3 days".'),
    ("within: 3 days", "deadline: 2025-09-01", 21, "workloads[2].deadline", "write every: once"),
    ("every: month", "every: once, deadline: 2024-09-01", 21, "workloads[2].deadline", "before the horizon"),
    ("every: month", "start: 2027-01-01", 21, "workloads[2].start", "after the horizon"),
    (
        "every: month",
        "start: 2025-06-01, deadline: 2025-05-01",
        21,
        "workloads[2].deadline",
        "not after the start",
    ),
    ("every: month", "precision: fp3", 21, "workloads[2].precision", "not among bf16, fp8"),
    ("every: month", "sequence_length: 0", 21, "workloads[2].sequence_length", "leaves nothing"),
    ("available: 4", "available: four", 22, "engineers.available", "is not a number"),
    ("available: 4", "available: -4", 22, "engineers.available", "negative"),
    ("60k CNY/month", "60k CNY", 22, "engineers.cost", "does not say per what"),
    ("engineers:", "blocks: [0-12, 12-20]\nengineers:", 22, "blocks", "the hour from 20 is in no block"),
    ("engineers:", "blocks: [0-12, 11-24]\nengineers:", 22, "blocks[1]", "the hour from 11 is in 0-12 too"),
    ("engineers:", "blocks: [0-25]\nengineers:", 22, "blocks[0]", "not a range of hours"),
    ("engineers:", "blocks: 25\nengineers:", 22, "blocks", "not between 1 and 24"),
    (
        "engineers:",
        "techniques: {excluded: [quantize]}\nengineers:",
        22,
        "techniques.excluded[0]",
        "quantise",
    ),
    ("engineers:", "finance: {discount_rate: 8 %}\nengineers:", 22, "finance.discount_rate", '"8 %/year"'),
    ("engineers:", "solver: {gap: 0 %}\nengineers:", 22, "solver.gap", "leaves nothing"),
    ("engineers:", "enginers:", 22, "enginers", "Did you mean engineers"),
    ("engineers:", "currency: CNY\nengineers:", 22, "currency", "given twice, first in line 3"),
    (SLO, "slo: *anchor", 16, None, "alias"),
    (SLO, "slo: !!python/object:os.system {}", 16, None, "tag"),
    (SLO, "slo: [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", 16, None, "nested deeper"),
    (SLO, "\tslo: {}", 16, None, "Indent with spaces"),
    (SITE, "site: {region: CN", 6, None, "not YAML"),
    (SITE, "---\n" + SITE, 5, None, "second document"),
    (SITE, "? [a]\n: b\n" + SITE, 5, None, "no name"),
]


@pytest.mark.parametrize(("written", "instead", "line", "field", "words"), MISTAKES)
def test_a_mistake_is_shown_in_its_place(written, instead, line, field, words):
    assert TEXT.count(written) >= 1
    said, error = message(TEXT.replace(written, instead, 1))
    assert words in said
    assert (error.where.file, error.where.line, error.where.field) == ("mycase/case.yaml", line, field)
    assert said.startswith(f"mycase/case.yaml, line {line}")


def test_the_message_of_the_design():
    said, _ = message(TEXT.replace("tpot: 60 ms", "tpot: 60"))
    assert said == 'mycase/case.yaml, line 16, workloads[0].slo.tpot: "60" has no unit. Write "60 ms".'


def test_an_unknown_name_carries_the_nearest():
    _, error = message(TEXT.replace("use_case: document-qa", "use_case: dokument-qa"))
    assert isinstance(error, UnknownName)
    assert error.nearest[0] == "document-qa"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("just text", "the file has no fields"),
        ("- a\n- b\n", "the file has no fields"),
        (b"\xff\xfen\x00a\x00", "UTF-16"),
        ("name: 推理".encode("gb18030"), "not UTF-8"),
        (b"name: \x00", "not a YAML file"),
        ("name: \ud800", "not Unicode"),
        ("[" * 300_000, "nested deeper"),
        ("a: [" + "x, " * 30_000 + "]", "more than 20,000 entries"),
        (b"#" * (LARGEST_BYTES + 1), "larger than 1 MB"),
        ("a: &a [x]\nb: &b [*a, *a]\n", "alias"),
    ],
)
def test_a_file_that_is_no_case_is_refused(text, words):
    said, _ = message(text)
    assert words in said
    assert said.startswith("mycase/case.yaml")


def test_a_currency_without_a_rate_on_that_day_is_refused():
    early = TEXT.replace("2025-02-03", "2019-02-03").replace("2025Q1", "2019Q1")
    workload = "  - {id: a, kind: serving, peak: 1 req/s, input_tokens: 9, output_tokens: 9, profile: "
    workload += f"{[1] * 24}, slo: {{ttft: 1 s, tpot: 50 ms}}}}\n"
    said, _ = message(early[: early.index("  - id: app")] + workload)
    assert "no exchange rate of CNY is known on the as-of date" in said


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_do_not_matter(ending, mark):
    text = mark + TEXT.replace("\n", ending)
    assert parse_case(text.encode(), "c", CATALOGUE) == parse_case(TEXT, "c", CATALOGUE)


def test_lines_are_counted_the_same_with_other_line_ends():
    _, error = message(TEXT.replace("tpot: 60 ms", "tpot: 60").replace("\n", "\r\n"))
    assert error.where.line == 16
