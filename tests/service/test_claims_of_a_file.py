"""A ledger in a file, with the user's own facts and prices, is judged; what is wrong is told by its place."""

from datetime import date

import pytest

from counterpoise.errors import BadInput, UnknownName
from counterpoise.service.claims import judge_claims, known_facts, template

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
