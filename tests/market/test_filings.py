"""Filed facts are read as filed, and a bad one is refused with its place."""

from __future__ import annotations

import json
from datetime import date

import pytest

from counterpoise.errors import BadInput
from counterpoise.market.bases import CONCEPTS
from counterpoise.market.filings import read_filed
from market.companyfacts import CAPEX, PROCEEDS, fact, filed, read, text

GOOD = fact("2024-01-01", "2024-03-31", 100)


def refusal(data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read_filed(data, "acme.json", CONCEPTS)
    return str(caught.value)


def spoilt(**changed: object) -> bytes:
    return text(
        [GOOD, {**GOOD, "start": "2024-04-01", "end": "2024-06-30", "filed": "2024-07-30", **changed}]
    )


def test_a_fact_keeps_its_filing_and_the_day_it_was_filed() -> None:
    facts = filed("MSFT").of(CAPEX)
    assert len({f.accession for f in facts}) == 16
    assert facts[0].filed == date(2022, 10, 25)
    december = [f for f in facts if f.end == date(2024, 12, 31)]
    # 14,923 to September and 15,804 to December, in the report and a year later as the comparative
    assert {(f.days, f.value, f.accession) for f in december} == {
        (184, 30_727e6, "0000950170-25-010491"), (92, 15_804e6, "0000950170-25-010491"),
        (184, 30_727e6, "0001193125-26-027207"), (92, 15_804e6, "0001193125-26-027207"),
    }  # fmt: skip
    assert filed("MSFT").ticker == "MSFT"


@pytest.mark.parametrize(
    ("entity", "years"),
    [
        ("MSFT", {28_107, 44_477, 64_551, 115_948}),
        ("GOOGL", {32_251, 52_535, 91_447}),
        ("META", {27_266, 27_045, 37_256, 69_691}),  # 2023 gross, then less the 221 sold
    ],
)
def test_the_filings_built_of_the_shipped_quarters_state_the_years_that_were_reported(
    entity: str, years: set[int]
) -> None:
    yearly = [f for f in filed(entity).of(CAPEX) if f.days >= 365]
    assert {f.value / 1e6 for f in yearly} == years
    assert all(f.annual_form for f in yearly)


def test_a_company_that_sold_nothing_has_no_proceeds_and_meta_s_of_2023_are_what_it_took_off() -> None:
    # 6,842 - 6,823 = 19;  + 6,216 - 6,134 = 101;  + 6,543 - 6,496 = 148;  + 7,665 - 7,592 = 221
    assert [f.value / 1e6 for f in filed("META").of(PROCEEDS)] == [19, 101, 148, 221]
    assert filed("MSFT").of(PROCEEDS) == ()


def test_a_company_without_a_known_number_goes_by_its_name() -> None:
    assert read([GOOD]).ticker == "ACME"


@pytest.mark.parametrize(
    ("data", "line"),
    [(b'{"cik": 1,\n "facts": {', 2), (b"", 1), (b"accession,value\n", 1)],
)
def test_what_is_not_json_is_refused_with_its_line(data: bytes, line: int) -> None:
    assert refusal(data).startswith(f"acme.json, line {line}: not JSON")


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"facts": []}', b"\xff\xfe{"])
def test_another_form_than_the_sec_s_is_refused(data: bytes) -> None:
    assert "companyfacts form" in refusal(data)


@pytest.mark.parametrize("unit", ["", "pure", "shares", "usd", "USD/shares"])
def test_an_amount_without_a_currency_is_refused(unit: str) -> None:
    said = refusal(text([GOOD], unit))
    assert f"facts.us-gaap.{CAPEX}.units.{unit}" in said
    assert "currency" in said


def test_a_number_that_no_company_has_is_refused() -> None:
    assert "acme.json, cik: the cik is no number" in refusal(
        text([GOOD]).replace(b'"cik": 1', b'"cik": 1e999')
    )
    assert "too long" in refusal(text([GOOD]).replace(b'"cik": 1', b'"cik": ' + b"1" * 5000))


def test_a_payment_below_nothing_is_refused_with_its_place() -> None:
    said = refusal(spoilt(val=-5e6))
    assert said.startswith(
        f"acme.json, facts.us-gaap.{CAPEX}.units.USD[1].val: the amount -5,000,000 is negative"
    )


@pytest.mark.parametrize("value", [None, "12", True, float("nan"), float("inf"), 10**400])
def test_what_is_no_amount_is_refused(value: object) -> None:
    assert ".units.USD[1].val" in refusal(spoilt(val=value))


@pytest.mark.parametrize("key", ["start", "end", "filed", "accn", "form"])
def test_a_fact_without_its_dates_or_its_filing_is_refused(key: str) -> None:
    assert f".units.USD[1].{key}: the fact has no {key}" in refusal(spoilt(**{key: None}))


def test_a_period_that_ends_before_it_starts_or_after_its_filing_is_refused() -> None:
    assert "[1].start" in refusal(spoilt(start="2024-07-01"))
    assert "before its period ended" in refusal(spoilt(filed="2024-06-29"))
    assert "is not a date" in refusal(spoilt(end="30.06.2024"))


def test_one_filing_with_two_amounts_for_a_period_is_refused_and_both_are_shown() -> None:
    said = refusal(text([GOOD, {**GOOD, "val": 101e6}]))
    assert "101,000,000" in said
    assert "100,000,000 at facts.us-gaap" in said


def test_a_fact_that_its_filing_repeats_counts_once() -> None:
    assert len(read([GOOD, dict(GOOD)]).facts) == 1


def test_concepts_that_nobody_asked_for_are_not_judged() -> None:
    document = json.loads(text([GOOD]))
    document["facts"]["us-gaap"]["SharesOutstanding"] = {"units": {"shares": [{"val": -1}]}}
    assert len(read_filed(json.dumps(document).encode(), "acme.json", CONCEPTS).facts) == 1


def test_what_was_filed_later_is_gone_as_of_a_day() -> None:
    facts = filed("META")
    cut = facts.as_of(date(2025, 1, 29))
    assert max(f.filed for f in cut.facts) == date(2024, 10, 31)
    assert facts.as_of(date.max) == facts
