"""A ledger in a file, with the user's own facts and prices, is judged; what is wrong is told by its place."""

from datetime import date, timedelta

import pytest

from counterpoise.errors import BadInput, UnknownName
from counterpoise.market.calendar import Quarter
from counterpoise.service.claims import judge_claims, known_facts, template
from market.companyfacts import fact, text

LEDGER = """claims:
  - id: a
    who: A bank
    said_on: 2025-02-03
    text: Meta spends less.
    series: capex_total
    of: META
    period: 2025Q4
    below: 10 USD bn
    basis: cash
    deadline: 2026-12-31
    source: a page
"""
OBSERVED = "series,entity,quarter,value,unit,basis,status,known_on,dated,source\n"
SAID = "topic,by,about,period,low,high,unit,known_on,dated,source\n"
JUDGED_ON = date(2026, 6, 30)


@pytest.fixture
def file(tmp_path):
    """Write a file into an empty folder."""

    def write(name, text):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def verdict(path, **asked):
    return judge_claims(path, judged_on=JUDGED_ON, draws=200, **asked)["claims"][0]["verdict"]


def test_a_folder_with_a_ledger_will_do_and_the_claims_day_is_the_default(file):
    document = judge_claims(file("claims.yaml", LEDGER).parent, judged_on=JUDGED_ON, draws=200)
    assert document["as_of"] == date(2025, 2, 3)
    assert document["inputs"]["prices"] is None


def test_a_users_own_figure_stands_in_the_place_of_the_shipped_one(file):
    path = file("claims.yaml", LEDGER)
    assert verdict(path) == "fails"
    own = file("own.csv", OBSERVED + "capex_cash,META,2025Q4,5,USD bn,cash,filed,2026-03-01,sourced,mine\n")
    assert verdict(path, facts=own) == "holds"


def test_an_own_figure_stands_from_its_day_on_whatever_ships_for_later(file):
    day = known_facts(None).series("capex_cash", "META")[Quarter(2025, 4)].known_on
    for later, stands in ((-1, 5.0), (0, 5.0), (1, 5.0)):
        known_on = day + timedelta(days=later)
        row = f"capex_cash,META,2025Q4,5,USD bn,cash,filed,{known_on},sourced,mine\n"
        known = known_facts(file("own.csv", OBSERVED + row))
        assert (
            known.as_of(day + timedelta(days=1)).series("capex_cash", "META")[Quarter(2025, 4)].value
            == stands
        )
        before = known.as_of(known_on - timedelta(days=1)).series("capex_cash", "META")
        assert (Quarter(2025, 4) in before) == (later == 1)


def test_filed_facts_in_the_form_of_the_sec_are_facts_of_ones_own(file):
    filed = text(
        [fact("2025-10-01", "2025-12-31", 5_000, "2026-01-29")], name="Meta Platforms, Inc.", cik=1326801
    )
    path = file("claims.yaml", LEDGER)
    own = file("companyfacts.json", filed.decode())
    assert (verdict(path), verdict(path, facts=own)) == ("fails", "holds")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("capex_csh,META,2025Q4,5,USD bn,cash,filed,2026-03-01,sourced,mine", "line 2, series: .*capex_cash"),
        ("capex_cash,META,2025Q4,-5,USD bn,cash,filed,2026-03-01,sourced,mine", "line 2, value: .*no amount"),
        ("capex_cash,META,2025Q4,5,,cash,filed,2026-03-01,sourced,mine", "line 2, unit: "),
        (
            "capex_cash,META,2025Q4,5,USD bn,cash,filed,2025-03-01,sourced,mine",
            "line 2, known_on: .*too early",
        ),
    ],
)
def test_a_bad_fact_is_named_by_file_line_and_column(file, row, said):
    with pytest.raises(BadInput, match=rf"own\.csv, {said}"):
        known_facts(file("own.csv", f"{OBSERVED}{row}\n"))


def test_a_company_of_which_nothing_was_public_then_takes_no_other_claim_down(file):
    other = LEDGER.replace("- id: a", "- id: b").replace("META", "CRWV").partition("claims:\n")[2]
    document = judge_claims(file("claims.yaml", LEDGER + other), judged_on=JUDGED_ON, draws=200)
    assert [c["verdict"] for c in document["claims"]] == ["fails", "holds"]
    assert document["claims"][0]["probability"]["value"] is not None
    assert "CRWV" in document["claims"][1]["probability"]["why_none"]


def test_a_price_file_that_is_named_must_be_there_even_where_no_claim_needs_it(file):
    path = file("claims.yaml", LEDGER)
    with pytest.raises(BadInput, match="cannot be read"):
        verdict(path, prices=path.parent / "nowhere.csv")


def test_a_topic_that_may_be_misspelt_is_answered_with_the_nearest(file):
    claim = LEDGER.replace("capex_total\n    of: META\n    period: 2025Q4", "stated\n    topic: rakcs")
    document = judge_claims(file("claims.yaml", claim), judged_on=JUDGED_ON, draws=200)
    assert "(there is racks)" in document["claims"][0]["why"]


def test_a_users_own_statements_are_known_by_their_header(file):
    own = file("said.csv", SAID + "my_topic,me,it,2025,60,60,%,2025-09-01,sourced,mine\n")
    added = set(known_facts(own).statements) - set(known_facts(None).statements)
    assert [s.topic for s in added] == ["my_topic"]
    claim = LEDGER.replace("capex_total\n    of: META\n    period: 2025Q4", "stated\n    topic: my_topic")
    path = file("claims.yaml", claim.replace("below: 10 USD bn", "above: 50 %"))
    assert (verdict(path), verdict(path, facts=own)) == ("not scorable", "holds")


def test_prices_beside_the_ledger_are_used(file):
    claim = LEDGER.replace("capex_total", "price_change").replace(
        "period: 2025Q4", "from: 2025-02-03\n    to: 2025-02-05"
    )
    path = file("claims.yaml", claim.replace("10 USD bn", "0 %"))
    assert verdict(path) == "not scorable"
    days = [f"2025-02-0{d},META,{p},{p},{p},USD" for d, p in ((3, 100), (4, 101), (5, 99))]
    file("prices.csv", "date,ticker,close,high,low,currency\n" + "\n".join(days) + "\n")
    assert verdict(path) == "holds"


def test_a_split_in_the_prices_of_a_ledger_is_refused_with_what_can_be_done_here(file):
    claim = LEDGER.replace("capex_total", "price_change").replace(
        "period: 2025Q4", "from: 2025-02-03\n    to: 2025-02-05"
    )
    path = file("claims.yaml", claim.replace("10 USD bn", "0 %"))
    days = [f"2025-02-0{d},META,{p},{p},{p},USD" for d, p in ((3, 100), (4, 10), (5, 9.9))]
    file("prices.csv", "date,ticker,close,high,low,currency\n" + "\n".join(days) + "\n")
    with pytest.raises(
        BadInput, match=r"prices\.csv, line 3, close: .*10-for-1 split.*Correct the file"
    ) as told:
        verdict(path)
    assert "--real-move" not in str(told.value)


def test_a_company_without_figures_offers_the_nearest(file):
    with pytest.raises(UnknownName, match=r"claims\.yaml.*line 7.*Did you mean META"):
        verdict(file("claims.yaml", LEDGER.replace("META", "METAA")))


def test_a_table_of_neither_form_is_refused(file):
    with pytest.raises(BadInput, match="unknown column"):
        verdict(file("claims.yaml", LEDGER), facts=file("own.csv", "a,b\n1,2\n"))


def test_the_template_can_be_judged_as_it_is(file):
    document = judge_claims(file("claims.yaml", template()), judged_on=JUDGED_ON, draws=200)
    assert [c["verdict"] for c in document["claims"]][-1] == "not scorable"
    assert document["summary"]["claims"] == 4
