"""`quarters` from a file, from what ships, and from the SEC, which is never reached in a test."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from datetime import date
from pathlib import Path

import pytest

from counterpoise.errors import BadInput, RunFailed
from counterpoise.market.load import shipped
from counterpoise.market.own_facts import own_observations
from counterpoise.market.quarters import with_own
from counterpoise.service.filings import (
    Asked,
    in_filed_form,
    own_facts,
    quarters_of_download,
    quarters_of_file,
    shipped_quarters,
)
from counterpoise.service.sec_download import company_facts
from market.companyfacts import shipped_text, text


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    """Meta's filings since 2023, built of the shipped quarters."""
    path = tmp_path / "meta.json"
    path.write_bytes(shipped_text("META"))
    return path


def test_every_number_has_its_unit_in_its_key(meta: Path) -> None:
    row = quarters_of_file(meta, Asked(series="capex"))["quarters"][-1]
    assert row["value_usd_bn"] == 18.997
    assert row["filed_in"] == "0001628280-26-028526"


def test_as_of_a_day_neither_a_figure_nor_a_basis_is_known_from_later_filings(meta: Path) -> None:
    then = quarters_of_file(meta, Asked(as_of=date(2024, 3, 1), series="capex", vintages=True))
    assert {q["basis"] for q in then["quarters"]} == {"cash purchases of property & equipment"}
    assert [q["value_usd_bn"] for q in then["quarters"]] == [6.842, 6.216, 6.543, 7.665]
    later = quarters_of_file(meta, Asked(series="capex", vintages=True))
    assert len([q for q in later["quarters"] if q["quarter"].startswith("2023")]) == 8


def test_the_table_holds_every_vintage_and_joins_the_shipped_facts(tmp_path: Path, meta: Path) -> None:
    table = tmp_path / "meta.csv"
    document = quarters_of_file(meta, Asked(series="capex"), ticker="META2", table=table)
    own = own_observations(table.read_bytes(), "meta.csv")
    assert len(own) > len(document["quarters"])
    joined = with_own(shipped(), own).as_of(date(2024, 3, 1))
    assert sum(o.value for o in joined.series("capex_cash", "META2").values()) == pytest.approx(27.266)


def test_a_table_that_exists_is_not_overwritten(tmp_path: Path, meta: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("mine")
    with pytest.raises(BadInput, match="not overwritten"):
        quarters_of_file(meta, Asked(), table=table)
    assert table.read_text() == "mine"


def test_own_facts_are_the_vintages_of_the_table_that_the_file_gives(tmp_path: Path, meta: Path) -> None:
    table = tmp_path / "meta.csv"
    quarters_of_file(meta, Asked(), table=table)
    from_table = own_observations(table.read_bytes(), "meta.csv")
    found = own_facts(meta.read_bytes(), "meta.json")
    assert {(o.series, o.quarter, o.value, o.known_on) for o in found} == {
        (o.series, o.quarter, o.value, o.known_on) for o in from_table
    }


def test_what_was_filed_later_changes_nothing_that_an_earlier_day_knew(meta: Path) -> None:
    day, judged_on = date(2024, 3, 1), date(2026, 6, 30)
    then = own_facts(meta.read_bytes(), "meta.json", day)
    later = own_facts(meta.read_bytes(), "meta.json", judged_on, day)
    assert then == tuple(o for o in later if o.known_on <= day)
    assert max(o.known_on for o in later) > day


def test_own_facts_of_a_company_without_a_ticker_or_without_a_quarter_are_refused(meta: Path) -> None:
    with pytest.raises(BadInput, match=r'ticker of "ACME" \(CIK 1\) is not known.*--ticker NAME --csv'):
        own_facts(text([]), "acme.json")
    with pytest.raises(BadInput, match=r"meta\.json: it gives no quarter by 2020-01-01"):
        own_facts(meta.read_bytes(), "meta.json", date(2020, 1, 1))


def test_a_table_is_told_from_filed_facts_by_how_it_begins(meta: Path) -> None:
    assert in_filed_form(meta.read_bytes())
    assert in_filed_form(b"\xef\xbb\xbf \n{}")
    assert not in_filed_form(b"series,entity\n")
    assert not in_filed_form(b"")


def test_a_file_without_a_company_needs_a_ticker(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(text([]).replace(b"ACME", b""))
    with pytest.raises(BadInput, match="--ticker"):
        quarters_of_file(path, Asked())


def test_a_series_that_is_not_known_offers_the_nearest() -> None:
    with pytest.raises(BadInput, match="Did you mean capex"):
        Asked(series="capx")


def test_the_shipped_facts_of_a_company_come_with_its_years() -> None:
    document = shipped_quarters("msft", Asked(as_of=date(2025, 2, 3), series="capex"))
    assert document["quarters"][-1]["quarter"] == "2024Q2"
    cash = [q for q in document["quarters"] if q["series"] == "capex_cash"]
    assert cash[-1] | {"note": ""} == cash[-1] | {
        "quarter": "2024Q4",
        "known_on": date(2025, 1, 29),
        "note": "",
    }
    assert all(year["holds"] for year in document["years"])
    assert max(year["fiscal_year"] for year in document["years"]) == 2024


def test_a_company_that_is_not_shipped_is_told_which_are() -> None:
    with pytest.raises(BadInput, match="MSFT"):
        shipped_quarters("TSLA", Asked())


class Answer(io.BytesIO):
    """What the SEC would send."""


def reach(monkeypatch: pytest.MonkeyPatch, answer: object) -> list[urllib.request.Request]:
    asked: list[urllib.request.Request] = []

    def urlopen(request: urllib.request.Request, timeout: float) -> object:
        asked.append(request)
        assert timeout > 0
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def test_a_download_names_its_contact_and_is_read_like_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, meta: Path
) -> None:
    asked = reach(monkeypatch, Answer(meta.read_bytes()))
    keep = tmp_path / "kept.json"
    document = quarters_of_download("meta", "me@example.org", Asked(series="capex"), keep=keep)
    assert asked[0].full_url == "https://data.sec.gov/api/xbrl/companyfacts/CIK0001326801.json"
    assert asked[0].get_header("User-agent") == "Counterpoise me@example.org"
    assert document["quarters"] == quarters_of_file(meta, Asked(series="capex"))["quarters"]
    assert keep.read_bytes() == meta.read_bytes()


@pytest.mark.parametrize("contact", ["", "me", "me@", "a b@c.d"])
def test_without_a_contact_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, contact: str) -> None:
    asked = reach(monkeypatch, Answer(b"{}"))
    with pytest.raises(BadInput, match="--contact"):
        company_facts(1, contact)
    assert asked == []


def test_a_ticker_that_is_not_known_asks_for_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = reach(monkeypatch, Answer(b"{}"))
    with pytest.raises(BadInput, match="Did you mean GOOGL"):
        quarters_of_download("GOOG", "me@example.org", Asked())
    assert asked == []


@pytest.mark.parametrize(
    ("failure", "error", "said"),
    [
        (urllib.error.HTTPError("u", 404, "Not Found", None, None), BadInput, "no company facts under CIK 5"),  # type: ignore[arg-type]
        (urllib.error.HTTPError("u", 403, "Forbidden", None, None), RunFailed, "refused .*403 Forbidden"),  # type: ignore[arg-type]
        (urllib.error.URLError("Name or service not known"), RunFailed, "could not be reached .*not known"),
        (TimeoutError("timed out"), RunFailed, "could not be reached .*timed out"),
    ],
)
def test_a_failure_of_the_network_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, error: type[Exception], said: str
) -> None:
    reach(monkeypatch, failure)
    with pytest.raises(error, match=said):
        company_facts(5, "me@example.org")
