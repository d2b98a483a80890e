"""The report is one file that asks the network for nothing, and says everything the plan says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from counterpoise.report import answer, charts
from counterpoise.report.page import page
from report import sample

VOID = {"meta", "br", "hr", "img", "link", "input", "col"}


@pytest.fixture(scope="module")
def html():
    return page(sample.document())


class Elements(HTMLParser):
    """Elements with their attributes, in order; `open` is what was never closed."""

    def __init__(self):
        super().__init__()
        self.elements, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    elements = Elements()
    elements.feed(html)
    return elements


def words(html):
    return " ".join(" ".join(read(html).text).split())


def test_nothing_is_loaded_from_anywhere(html):
    for tag, attributes in read(html).elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "xlink:href", "data", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import|@font-face", html)
    assert "default-src 'none'" in html


def test_every_element_is_closed_and_every_id_is_its_own(html):
    elements = read(html)
    assert elements.open == []
    ids = [attributes["id"] for _, attributes in elements.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for reference in re.findall(r"url\(#([^)]+)\)", html):
        assert reference in ids


def test_the_page_opens_with_the_answer_and_goes_on_in_a_buyer_s_order(html):
    text = words(html)
    for sentence in answer.plan_sentences(sample.document()):
        assert sentence.replace(" x ", " × ") in text
    order = [
        "A reasoning app", "Buy 2 ×", "Weakest fact", "What binds", "Not chosen, and why", "To order",
        "What runs where", "What it costs", "What this rests on",
    ]  # fmt: skip
    places = [text.index(title) for title in order[1:]]
    assert places == sorted(places)


def test_every_assumption_is_there_with_its_source_and_date(html):
    text = words(html)
    for row in sample.document()["assumptions"]:
        assert row["source"].replace("'", "'") in text
        assert row["as_of"] in text
        assert row["field"] in text


def test_orders_are_exact_and_sum_to_what_is_bought(html):
    text = words(html)
    assert "2,160,000" in text
    assert "all orders 3 3,240,000" in text


def test_what_a_person_wrote_cannot_become_markup():
    plan = sample.document()
    plan["case"]["name"] = "<script>alert(1)</script>"
    plan["why_not"][0]["what"] = '"><img src=x>'
    plan["cost_by_period"][0]["item"] = "</svg><script>x</script>"
    text = page(plan)
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_same_document_gives_the_same_page(html):
    assert page(sample.document()) == html


def test_what_the_run_says_of_itself_stands_at_the_foot():
    about = {"versions": {"highspy": "1.16.0"}, "inputs": {"sha256": "ab" * 32}}
    assert "Made with highspy 1.16.0. Inputs SHA-256 " + "ab" * 32 in words(page(sample.document(), about))


def test_a_plan_without_its_analyses_still_makes_a_page():
    text = words(page(sample.at_the_plan_stage()))
    assert "Weakest fact" not in text
    assert "hypothetical" not in text


def test_a_plan_that_buys_and_runs_nothing_still_makes_a_page():
    plan = sample.document()
    for key in (
        "purchases",
        "rentals",
        "techniques",
        "deployments",
        "cost_by_period",
        "unit_costs",
        "why_not",
    ):
        plan[key] = []
    plan["balance"] = {}
    text = words(page(plan))
    assert "Nothing is bought." in text
    assert "Buy, reserve and rent nothing." in text


def test_a_telephone_and_a_printer_each_get_their_rules(html):
    assert "width=device-width" in html
    assert "@media print" in html
    assert "@media (max-width: 640px)" in html


def test_every_chart_says_in_words_what_it_shows(html):
    pictures = [a for tag, a in read(html).elements if tag == "div" and a.get("role") == "img"]
    assert len(pictures) == len(charts.figures(sample.document())) == 4
    assert all(len(a["aria-label"]) > 40 for a in pictures)


def test_charts_use_the_page_s_ink_and_colours_that_can_be_told_apart():
    for figure in charts.figures(sample.document()):
        assert "currentColor" in figure.svg
        colours = {c.upper() for c in re.findall(r'fill="(#[0-9A-Fa-f]{6})"', figure.svg)}
        assert colours <= {c.upper() for c in charts.ITEM_COLOURS}


def test_chips_by_kind_are_drawn_only_where_there_are_kinds_to_compare():
    plan = sample.document()
    assert "chips" not in {figure.name for figure in charts.figures(plan)}
    plan["purchases"].append(plan["purchases"][0] | {"chip": "Ascend-910B", "system": "Atlas-800T-A2-8"})
    assert "chips" in {figure.name for figure in charts.figures(plan)}


def test_more_cost_items_than_colours_are_gathered_as_other():
    plan = sample.document()
    plan["cost_by_period"] = [
        {"period": "2025Q1", "item": f"item {i}", "value": 100.0 - i} for i in range(12)
    ]
    drawn = {figure.name: figure.svg for figure in charts.figures(plan)}["cost"]
    assert ">other<" in drawn
    assert ">item 6<" in drawn
    assert ">item 7<" not in drawn
