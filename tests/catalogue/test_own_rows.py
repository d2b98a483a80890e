"""A case's own catalogue folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.catalogue import as_of, find_chip, find_model, load, with_own_rows
from counterpoise.catalogue.load import TABLES
from counterpoise.catalogue.table import LARGEST_TABLE_BYTES
from counterpoise.errors import BadInput, CounterpoiseError, UnknownName

CONFIGS = Path(__file__).parent / "configs"
CASE_DAY = date(2025, 2, 3)
CHIPS = "name,vendor,family,software,available_from,as_of,kind,source\n"
FIGURES = "chip,figure,mid,unit,as_of,kind,source\n"
RATES = "currency,mid,unit,as_of,kind,source\n"
SYSTEMS = "name,vendor,chip,chips,available_from,as_of,kind,source\n"
MODELS = "name,hidden,vocab,native_precision,open_weights,as_of,kind,source\n"
LAYERS = "model,count,attention,heads,kv_heads,head_dim,feed_forward,intermediate,matrices\n"
CHIP = "A,B,C,cuda,2024-01-01,2024-01-01,list,s"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    (tmp_path / "catalogue").mkdir()
    return tmp_path


def write(case: Path, table: str, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    (case / "catalogue" / f"{table}.csv").write_bytes(data)


def test_a_case_without_own_rows_has_the_shipped_facts(tmp_path):
    assert with_own_rows(load(), tmp_path) is load()


def test_adding_a_chip_takes_two_tables(case):
    write(case, "chips", CHIPS + "MyChip,Me,Mine,cuda,2024-01-01,2024-01-01,list,data sheet\n")
    write(case, "chip_figures", FIGURES + "MyChip,tdp_w,500,W,2024-01-01,list,data sheet\n")
    catalogue = with_own_rows(load(), case)
    assert find_chip(catalogue, "mychip").value("tdp_w") == 500
    assert next(iter(catalogue.chips)) == "MyChip"
    assert set(catalogue.chips) - {"MyChip"} == set(load().chips)


def test_an_own_figure_replaces_the_shipped_one_and_no_other(case):
    write(case, "chip_figures", FIGURES + "H20,tdp_w,450,W,2024-05-01,measured,our meter\n")
    chip = with_own_rows(load(), case).chips["H20"]
    assert chip.value("tdp_w") == 450
    assert chip.value("memory_bytes") == load().chips["H20"].value("memory_bytes")


def test_an_own_row_known_later_changes_nothing(case):
    write(case, "chip_figures", FIGURES + "H20,tdp_w,450,W,2025-05-01,measured,our meter\n")
    write(case, "exchange_rates", RATES + "CNY,9,CNY/USD,2025-03-01,quoted,bank\n")
    assert with_own_rows(load(), case, CASE_DAY) == load()
    assert with_own_rows(load(), case).chips["H20"].value("tdp_w") == 450


def test_an_own_exchange_rate_comes_first_though_a_shipped_one_is_newer(case):
    write(
        case,
        "exchange_rates",
        RATES + "CNY,7.3,CNY/USD,2024-12-01,quoted,bank\n",
    )
    rates = as_of(with_own_rows(load(), case, CASE_DAY), CASE_DAY).exchange_rates
    assert next(r for r in rates if r.currency == "CNY").units_per_usd.mid == 7.3


def test_a_config_json_in_the_folder_is_a_model_of_every_day(case):
    (case / "catalogue" / "our-model.json").write_bytes((CONFIGS / "Qwen--Qwen3-8B.json").read_bytes())
    known = as_of(with_own_rows(load(), case), CASE_DAY)
    assert find_model(known, "our-model").hidden == 4096


def test_a_model_from_tables_needs_its_layers(case):
    write(case, "models", MODELS + "m,64,100,bf16,yes,2024-01-01,list,us\n")
    write(case, "model_layers", LAYERS + "m,2,full,4,2,16,dense,128,3\n")
    (group,) = find_model(as_of(with_own_rows(load(), case), CASE_DAY), "m").layers
    assert (group.count, group.attention.value_head_dim, group.feed_forward.intermediate) == (2, 16, 128)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_chinese_tables_are_read_as_spreadsheets_write_them(case, encoding, end):
    text = (CHIPS + "昆仑芯,百度,昆仑,other,2024-01-01,2024-01-01,list,产品手册\n").replace("\n", end)
    write(case, "chips", text.encode(encoding))
    assert with_own_rows(load(), case).chips["昆仑芯"].vendor == "百度"


@pytest.mark.parametrize(
    ("table", "text", "message"),
    [
        ("chips", CHIPS.replace("vendor", "vendr"), r'chips\.csv, line 1: unknown column "vendr".*vendor'),
        (
            "chips",
            CHIPS + CHIP.replace("2024-01-01", "soon"),
            r'line 2, available_from: "soon" is not a date',
        ),
        ("chips", CHIPS + CHIP.replace("cuda", "coda"), r'line 2, software: .*"coda".*cuda'),
        ("chips", CHIPS + CHIP.replace("list", "guess"), r'line 2, kind: unknown kind "guess"'),
        ("chips", CHIPS + CHIP[:-1], r"line 2, source: the column source is empty"),
        ("chips", "name,vendor\nA,B\n", r"line 1: the column family is missing"),
        ("chips", CHIPS + CHIP + ",more", r"line 2: 9 cells under 8 columns"),
        ("chips", CHIPS + '"A', r"chips\.csv.*not a CSV table"),
        ("chips", "", r"chips\.csv: the table is empty"),
        ("chips", b"\xff\xff\xff", r"neither UTF-8 nor GBK"),
        (
            "chip_figures",
            FIGURES + "H20,tdp_w,much,W,2024-01-01,list,s",
            r'line 2, mid: "much" is not a number',
        ),
        ("chip_figures", FIGURES + "H20,tdp_w,-1,W,2024-01-01,list,s", r'line 2, mid: "-1"'),
        ("chip_figures", FIGURES + "H20,tdp_w,inf,W,2024-01-01,list,s", r'line 2, mid: "inf"'),
        ("chip_figures", FIGURES + "H20,tdp_w,1,kW,2024-01-01,list,s", r"line 2, unit: .*Write it in W"),
        ("chip_figures", FIGURES + "H21,tdp_w,1,W,2024-01-01,list,s", r'line 2, chip: .*"H21".*H20'),
        ("chip_figures", FIGURES + "H20,tdp,1,W,2024-01-01,list,s", r'line 2, figure: .*"tdp".*tdp_w'),
        (
            "systems",
            SYSTEMS + "S,V,H999,8,2024-01-01,2024-01-01,list,s",
            r'line 2, chip: unknown chip "H999"',
        ),
    ],
)
def test_a_mistake_is_told_with_file_line_and_column(case, table, text, message):
    write(case, table, text)
    with pytest.raises(BadInput, match=message):
        with_own_rows(load(), case)


def test_a_table_that_there_is_not_names_the_nearest(case):
    write(case, "chip", CHIPS)
    with pytest.raises(UnknownName, match=r"chips\.csv"):
        with_own_rows(load(), case)


def test_a_table_of_fifty_megabytes_is_refused_before_it_is_read(case):
    with (case / "catalogue" / "chips.csv").open("wb") as file:
        file.truncate(50_000_000)
    assert LARGEST_TABLE_BYTES < 50_000_000
    with pytest.raises(BadInput, match="50 MB"):
        with_own_rows(load(), case)


CELL = st.one_of(
    st.sampled_from(
        ["H20", "HGX-H20-8", "yes", "list", "buy", "1", "8", "2024-01-01", "cuda", "full", "none", ""]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.integers().map(str),
    st.floats().map(str),
)


@given(st.sampled_from(sorted(TABLES)), st.data())
def test_no_table_however_wrong_ends_in_a_traceback(tmp_path_factory, table, data):
    columns = TABLES[table]
    cells = data.draw(st.lists(CELL, min_size=len(columns), max_size=len(columns)))
    folder = tmp_path_factory.mktemp("case")
    (folder / "catalogue").mkdir()
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    write(folder, table, ",".join(columns) + "\n" + line + "\n")
    try:
        with_own_rows(load(), folder, CASE_DAY)
    except CounterpoiseError as error:
        assert f"{table}.csv" in str(error)
