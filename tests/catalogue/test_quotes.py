"""A buyer's own quotes in offers.csv."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import as_of, load, read_offers, with_own_rows
from counterpoise.errors import BadInput, CounterpoiseError

CASE_DAY = date(2025, 2, 3)
HEADER = "kind,system,chip,price,currency,date,regions,term,lead_time,available\n"


def quotes(tmp_path: Path, *lines: str):
    (tmp_path / "offers.csv").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return read_offers(tmp_path / "offers.csv", load())


def test_a_quote_to_buy_is_per_system(tmp_path):
    (offer,) = quotes(tmp_path, "buy,HGX-H20-8,,1.05M CNY,,2025-01-20,,,6 weeks,4")
    assert (offer.kind, offer.system, offer.price_usd.mid, offer.price_usd.unit) == (
        "buy", "HGX-H20-8", 1_050_000, "CNY/system",
    )  # fmt: skip
    assert offer.lead_time_weeks.mid == pytest.approx(6)
    assert offer.available_per_quarter == 4
    assert offer.price_usd.provenance.source == "offers.csv, line 2"


def test_a_box_by_the_month_is_a_price_per_chip_and_hour(tmp_path):
    (offer,) = quotes(tmp_path, "reserve,HGX-H20-8,,55k CNY/month,,2025-01-20,CN,12 months,,")
    assert offer.price_usd.mid == pytest.approx(55_000 / 8 / (365.25 / 12 * 24))
    assert offer.term_months == 12
    assert offer.minimum_chips == 8


def test_the_currency_may_stand_in_its_own_column(tmp_path):
    one, other = quotes(
        tmp_path,
        "on_demand,,H20,9.5/h,CNY,2025-01-20,CN,,,",
        "on_demand,,H20,9.5 CNY/h,,2025-01-20,CN,,,",
    )
    assert one.price_usd.mid == other.price_usd.mid == 9.5


def test_a_quote_becomes_dollars_at_the_rate_of_the_case_and_comes_first(tmp_path):
    quotes(tmp_path, "buy,HGX-H20-8,,1.05M CNY,,2025-01-20,,,,")
    first = as_of(with_own_rows(load(), tmp_path), CASE_DAY).offers[0]
    assert first.price_usd.unit == "USD/system"
    assert first.price_usd.mid == pytest.approx(1_050_000 / 7.1705)
    assert "7.1705 CNY/USD" in first.price_usd.provenance.note


def test_a_quote_of_a_later_day_does_not_exist_yet(tmp_path):
    quotes(tmp_path, "buy,HGX-H20-8,,1 CNY,,2025-02-04,,,,")
    assert as_of(with_own_rows(load(), tmp_path), CASE_DAY).offers == as_of(load(), CASE_DAY).offers


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rent,HGX-H20-8,,1 CNY,,2025-01-20,,,,", r'line 2, kind: unknown kind "rent"'),
        ("buy,HGX-H2O-8,,1 CNY,,2025-01-20,,,,", r"line 2, system: unknown system.*HGX-H20-8"),
        ("buy,HGX-H20-8,H20,1 CNY,,2025-01-20,,,,", r"line 2, system: .*system or for a chip"),
        ("buy,,H20,1 CNY,,2025-01-20,,,,", r"line 2, chip: a bare chip"),
        ("buy,HGX-H20-8,,1.1M,,2025-01-20,,,,", r"line 2, price: .*no currency"),
        ("buy,HGX-H20-8,,0 CNY,,2025-01-20,,,,", r"line 2, price: .*not a price"),
        ("buy,HGX-H20-8,,-5 CNY,,2025-01-20,,,,", r"line 2, price: .*negative"),
        ("buy,HGX-H20-8,,1 XYZ,,2025-01-20,,,,", r"line 2, price: .*XYZ"),
        ("buy,HGX-H20-8,,1 CNY/h,,2025-01-20,,,,", r"line 2, price: "),
        ("on_demand,,H20,9 CNY,,2025-01-20,CN,,,", r"line 2, price: .*per what"),
        ("on_demand,,H20,9 CNY/h,,2025-01-20,,,,", r"line 2, regions: "),
        ("buy,HGX-H20-8,,1 CNY,,,,,,", r"line 2, date: the column date is empty"),
        ("buy,HGX-H20-8,,1 CNY,,20.1.2025,,,,", r"line 2, date: .*2025-02-03"),
        ("reserve,HGX-H20-8,,1 CNY/h,,2025-01-20,CN,,,", r'line 2, term: .*"12 months"'),
        ("buy,HGX-H20-8,,1 CNY,,2025-01-20,,12 months,,", r"line 2, term: .*has no term"),
        ("buy,HGX-H20-8,,1 CNY,,2025-01-20,,,6,", r"line 2, lead_time: .*no unit"),
        ("buy,HGX-H20-8,,1 CNY,,2025-01-20,,,,few", r"line 2, available: .*not a number"),
    ],
)
def test_a_mistake_in_a_quote_is_told_with_line_and_column(tmp_path, line, message):
    with pytest.raises(BadInput, match=message):
        quotes(tmp_path, line)


CELL = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(CELL, min_size=10, max_size=10))
def test_no_quote_however_wrong_ends_in_a_traceback(tmp_path_factory, cells):
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    path = tmp_path_factory.mktemp("case") / "offers.csv"
    path.write_text(HEADER + quoted + "\n", encoding="utf-8")
    try:
        read_offers(path, load())
    except CounterpoiseError as error:
        assert "offers.csv" in str(error)
