"""The catalogue as plain rows."""

from __future__ import annotations

import json
from datetime import date

import pytest

from counterpoise.catalogue import KINDS, as_of, load, rows, show
from counterpoise.errors import UnknownName

KNOWN = as_of(load(), date(2025, 2, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_lists_as_plain_rows(kind):
    listed = rows(KNOWN, kind)
    assert listed
    assert json.loads(json.dumps(listed)) == listed


def test_a_chip_is_meant_exactly_and_not_as_a_part_of_a_name():
    found = rows(KNOWN, "offers", {"chip": "H20"})
    assert {row["chip"] for row in found} == {"H20"}


def test_filters_add_up():
    found = rows(KNOWN, "offers", {"region": "CN", "offer": "reserve", "vendor": "huawei"})
    assert [row["name"] for row in found] == ["reserve 12 months of Ascend-910B from market in CN"]


def test_a_region_includes_what_is_sold_everywhere():
    found = rows(KNOWN, "api", {"region": "CN", "model": "R1"})
    assert {row["model"] for row in found} == {"deepseek-r1"}
    assert rows(KNOWN, "api", {"region": "CN", "model": "o1"}) == []


def test_a_model_shows_its_counted_parameters():
    (row,) = rows(KNOWN, "models", {"model": "deepseek-ai/DeepSeek-V3"})
    assert row["parameters"] / 1e9 == pytest.approx(671, abs=0.1)


def test_an_unknown_kind_field_or_name_offers_the_nearest():
    with pytest.raises(UnknownName, match="chips"):
        rows(KNOWN, "chip")
    with pytest.raises(UnknownName, match="vendor"):
        rows(KNOWN, "chips", {"vendr": "NVIDIA"})
    with pytest.raises(UnknownName, match="H20"):
        show(KNOWN, "H21")


def test_showing_a_chip_tells_every_figure_with_source_and_date_its_offers_and_its_rules():
    shown = show(KNOWN, "H20")
    assert {f["source"] and f["as_of"] and f["kind"] for f in shown["figures"].values()} <= {
        f["kind"] for f in shown["figures"].values()
    }
    assert "HGX-H20-8" in shown["systems"]
    assert {row["name"] for row in shown["export_rules"]} == {"H20 and L4 allowed to China"}
    assert all(row["chip"] == "H20" for row in shown["offers"])
    assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize("name", ["HGX-H20-8", "deepseek-r1", "o1", "routing", "chat"])
def test_anything_with_a_name_can_be_shown(name):
    assert json.dumps(show(KNOWN, name))
