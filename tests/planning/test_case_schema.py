"""The table of fields, the page about it and the parser say the same."""

from pathlib import Path

import pytest

from counterpoise.errors import BadInput
from counterpoise.planning.case_defaults import DEFAULTS
from counterpoise.planning.case_schema import SECTIONS, table_lines
from counterpoise.units import DIMENSIONS, money, quantity

PAGE = Path(__file__).parents[2] / "docs/case.md"
FIELDS = [(section, field) for section, fields in SECTIONS.items() for field in fields]
PLACES = {"gap": "solver.gap", "time": "solver.time", "discount_rate": "finance.discount_rate"}
PLACES |= {"percentile": "slo.percentile", "available": "engineers.available"}


def test_the_page_has_the_table():
    page = PAGE.read_text(encoding="utf-8")
    assert page.endswith("\n".join(table_lines()).rstrip() + "\n"), (
        "regenerate its end: python -m counterpoise.planning.case_schema"
    )


@pytest.mark.parametrize(("section", "field"), FIELDS, ids=lambda f: getattr(f, "name", f))
def test_every_field_has_a_meaning_and_an_example_that_can_be_read(section, field):
    assert field.meaning
    assert field.example or field.form in ("section", "sections")
    if field.form == "quantity":
        assert quantity(field.example, field.dimension, write=field.write) >= 0
    if field.form == "money":
        assert money(field.example, field.dimension).amount > 0
    if field.choices:
        assert field.example in field.choices


@pytest.mark.parametrize(
    "field",
    [f for _, f in FIELDS if f.form == "quantity" and not DIMENSIONS[f.dimension].bare],
    ids=lambda f: f.name,
)
def test_the_unit_that_a_message_proposes_is_one_that_is_read(field):
    with pytest.raises(BadInput) as caught:
        quantity("5", field.dimension, write=field.write)
    proposed = str(caught.value).split('Write "')[1].split('"')[0]
    assert quantity(proposed, field.dimension) > 0


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_a_default_is_the_one_that_the_table_prints(name):
    last = name.rsplit(".", 1)[-1]
    field = next(f for _, f in FIELDS if PLACES.get(f.name, f.name) in (name, last))
    if name.startswith("site."):
        assert field.default == "of the region"
        return
    text = field.default.removeprefix("of the use case, else ").partition(",")[0]
    value = quantity(text, field.dimension) if field.form == "quantity" else float(text)
    assert value == DEFAULTS[name].value
