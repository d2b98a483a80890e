"""A ledger says exactly what is claimed, or is refused with its line, its field and what to write."""

from importlib import resources

import pytest

from counterpoise.errors import BadInput, UnknownName
from counterpoise.market.calendar import Quarter
from counterpoise.market.ledger_file import read_ledger
from market.ledgers import ledger

GROWTH = "series: capex_yoy\nof: top4\nperiod: 2025Q4\nbelow: 10 %"
RACKS = "series: racks_year\nperiod: 2025\nrange: {low: 20000, high: 25000, unit: racks}"
FALL = "series: price_fall\nof: NVDA\nfrom: 2025-01-02\nto: 2025-02-03\nabove: 20 %"


def refused(*claims, kind=BadInput):
    with pytest.raises(kind) as caught:
        ledger(*claims)
    return caught.value


def test_a_claim_is_who_when_which_series_and_what_must_be_seen():
    claim = ledger(GROWTH).claims[0]
    (test,) = claim.tests
    assert (claim.who, claim.said_on.year, test.series, test.of_name) == ("A", 2025, "capex_yoy", "top4")
    assert test.of == ("MSFT", "GOOGL", "AMZN", "META")
    assert test.period.quarters == [Quarter(2025, 4)]
    assert (test.condition.kind, test.condition.high, test.unit) == ("below", 10.0, "%")


def test_all_parts_of_a_compound_claim_are_read():
    part = "- {series: capex_yoy, of: MSFT, period: 2025Q%d, above: 0 %%}"
    claim = ledger("parts:\n  " + part % 1 + "\n  " + part % 2).claims[0]
    assert [str(t.period) for t in claim.tests] == ["2025Q1", "2025Q2"]


def test_equals_is_read_to_the_digits_written():
    days = "of: NVDA\nfrom: 2025-01-01\nto: 2025-02-03\nprices: high to close"
    condition = ledger(f"series: price_fall\n{days}\nequals: 23.8 %").claims[0].tests[0].condition
    assert (condition.low, condition.high) == pytest.approx((23.75, 23.85))


def test_slows_is_a_fall_of_growth():
    (test,) = (
        ledger("series: capex_total\nof: MSFT\nperiod: 2025Q4\nagainst: 2024Q4\ndirection: slows")
        .claims[0]
        .tests
    )
    assert (test.series, test.condition.kind) == ("capex_yoy", "falls")


def test_the_shipped_template_and_the_twelve_are_ledgers():
    template = (resources.files("counterpoise.market") / "data" / "claims_template.yaml").read_bytes()
    assert len(read_ledger(template, "template").claims) == 4


@pytest.mark.parametrize(
    ("claim", "field", "says"),
    [
        (GROWTH + "\ndeadline:", "deadline", "cannot be scored"),
        (GROWTH + "\ndeadline: 2025-06-30", "deadline", "not over by"),
        (GROWTH + "\ndeadline: 2024-06-30", "deadline", "before 2025-02-03"),
        (GROWTH + "\nsaid_on: yesterday", "said_on", "not a date"),
        (RACKS.replace("20000", "26000"), "range.low", "range is empty"),
        (RACKS.replace("racks}", "chips}"), "range.unit", "racks_year is in racks"),
        (RACKS.replace("2025\n", "2025Q4\n"), "period", "not counted by the quarter"),
        (RACKS + "\nof: NVDA", "of", "nobody in particular"),
        (GROWTH.replace("10 %", "ten"), "below", "not a number with a unit"),
        (GROWTH.replace("10 %", "10"), "below", "capex_yoy is in %"),
        (GROWTH + "\nabove: 3 %", "above", "both there"),
        (GROWTH.replace("below: 10 %", "text: x"), "series", "nothing says what must be seen"),
        (GROWTH.replace("below: 10 %", "direction: falls"), "against", "missing"),
        (
            GROWTH.replace("below: 10 %", "direction: falls\nagainst: 2025Q4"),
            "against",
            "not an earlier quarter",
        ),
        (GROWTH + "\nagainst: 2024Q4", "against", "only a direction"),
        ("parts: []", "parts", "no parts"),
        (GROWTH + "\nparts:\n  - {series: capex_yoy}", "series", "belongs into one of them"),
        ("series: stated\nabove: 1 x", "topic", "missing"),
        ("series: price_change\nof: NVDA\nfrom: 2025-02-03\nto: 2025-02-03\nbelow: 0 %", "to", "not after"),
        ("series: racks_year\nperiod: 2025\nrange: 20000 racks", "range", "two ends"),
        (RACKS.replace("20000", "many"), "range.low", "not a number"),
        (GROWTH + "\nfrom: 2025-02-03", "from", "no series of prices"),
        (GROWTH + "\ntopic: rent_h100", "topic", "only the series stated"),
        (FALL.replace("of: NVDA\n", ""), "of", "missing"),
        (FALL.replace("NVDA", "[NVDA, MSFT]"), "of", "one company"),
        (FALL + "\nperiod: 2025", "period", "no period"),
        (
            "series: racks_year\nperiod: 2025\nagainst: 2024\ndirection: slows",
            "direction",
            "no series of its growth",
        ),
        (GROWTH + "\nwho: [A, B]", "who", "one text"),
    ],
)
def test_a_mistake_is_told_with_its_place(claim, field, says):
    error = refused(claim)
    assert error.where.file == "ledger.yaml"
    assert error.where.line
    assert error.where.field == f"claims[0].{field}"
    assert says in str(error)


@pytest.mark.parametrize(
    ("claim", "nearest"),
    [
        (GROWTH.replace("capex_yoy", "capex_yo"), "capex_yoy"),
        (GROWTH.replace("period:", "perod:"), "period"),
        (RACKS.replace("low:", "lowest:"), "low"),
        (FALL + "\nprices: close to lows", "close to low"),
        (GROWTH.replace("below: 10 %", "direction: fall\nagainst: 2024Q4"), "falls"),
    ],
)
def test_an_unknown_name_offers_the_nearest(claim, nearest):
    assert f"Did you mean {nearest}" in str(refused(claim, kind=UnknownName))


def test_an_unknown_company_offers_the_nearest():
    text = (
        b"claims: [{id: a, who: A, said_on: 2025-02-03, text: t, basis: b, deadline: 2026-01-31, source: s, "
    )
    text += b"series: capex_yoy, of: MSFTT, period: 2025Q4, below: 10 %}]"
    with pytest.raises(UnknownName, match="Did you mean MSFT"):
        read_ledger(text, "l", {"capex_yoy": frozenset({"MSFT", "META"})})


def test_the_same_id_twice_and_a_ledger_of_nothing_are_refused():
    assert "there twice" in str(refused(GROWTH + "\nid: a", GROWTH + "\nid: a"))
    for text in (b"", b"claims: []", b"name: x"):
        with pytest.raises(BadInput, match="counterpoise claims --template"):
            read_ledger(text, "l")
