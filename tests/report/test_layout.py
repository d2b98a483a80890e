"""Text fits the terminal it is printed on: narrow, Chinese or unable to show more than ASCII."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from counterpoise.report.layout import Column, cells, heading, printable, table, wrap

WORDS = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), max_size=12)
COLUMNS = [Column("workload", text=True), Column("runs", text=True), Column("systems", right=True)]


@given(WORDS, st.integers(30, 100))
def test_a_paragraph_fits_its_width_and_loses_no_word(words, width):
    lines = wrap(" ".join(words), width, "- ", "  ")
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()).removeprefix("-") == "".join(words)


@given(
    st.lists(
        st.tuples(st.text("abc-. ", max_size=60), st.text("xyz/_ ", max_size=30), st.floats(0, 9)), min_size=1
    )
)
def test_a_table_fits_eighty_columns(rows):
    lines = table(COLUMNS, [[name, runs, f"{n:.1f}"] for name, runs, n in rows], 80)
    assert all(cells(line) <= 80 for line in lines)


def test_a_table_without_room_becomes_a_list_that_names_its_cells():
    rows = [["application", "deepseekdistilled32b", "1.4"]]
    assert table(COLUMNS, rows, 60)[0].startswith("workload")
    assert table(COLUMNS, rows, 30) == ["application", "  runs: deepseekdistilled32b;", "  systems: 1.4"]


def test_a_table_of_nothing_is_nothing():
    assert table(COLUMNS, [], 80) == []


def test_a_long_name_breaks_where_names_may_break():
    assert wrap("deepseek-r1-distill-qwen-32b", 16) == ["deepseek-r1-", "distill-qwen-32b"]


def test_chinese_takes_two_cells_and_keeps_its_column():
    lines = table([Column("case"), Column("n", right=True)], [["推理应用", "1"], ["app", "2"]], 40)
    assert cells("推理") == 4
    assert {cells(line) for line in lines} == {cells(lines[0])}


def test_numbers_stand_right_aligned():
    lines = table([Column("item"), Column("CNY", right=True)], [["rent", "9"], ["power", "1,000"]], 40)
    assert [line[-1] for line in lines[2:]] == ["9", "0"]


def test_signs_of_the_field_become_ascii_where_the_stream_has_no_more():
    assert printable("8 × 96 GB ≤ 1 TB – “yes”", "ascii") == '8 x 96 GB <= 1 TB - "yes"'
    assert printable("推", "ascii") == "\\u63a8"
    assert printable("推 ×", "utf-8") == "推 ×"


def test_a_heading_is_bold_only_where_colour_is_wanted():
    assert heading("Limits", 40) == ["Limits"]
    assert heading("Limits", 40, colour=True) == ["\x1b[1mLimits\x1b[0m"]
