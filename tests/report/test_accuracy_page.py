"""The accuracy page: weak first, every error beside the noise of the data, pictures that stand alone."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from counterpoise.performance.accuracy import Prediction
from counterpoise.performance.run_labels import labels, row_id
from counterpoise.report.accuracy_charts import scatter
from counterpoise.report.accuracy_page import Evidence, Tally, accuracy_page
from counterpoise.report.accuracy_tables import PARTS, groups_table, headline, table
from counterpoise.report.accuracy_weak import weak_sentences
from counterpoise.report.noise import METRICS, pairs
from counterpoise.report.scored import FOLD, SPLITS, Scored
from counterpoise.report.weakest import carriers, weakest

MODELS, CHIPS = ("small", "middle", "large"), ("H100", "B200")
SPREAD = {FOLD: 0.05, "model": 0.2, "chip": 0.15}
UNITS = {"serving": {"tpot_mean_ms": 10.0, "ttft_mean_ms": 200.0}, "inference": {"output_tok_s_total": 900.0}}
UNITS["training"] = {"tokens_per_s_per_chip": 5000.0}


def rows_of(kind):
    """Two runs of each of a few conditions."""
    made = []
    for model in MODELS:
        for chip in CHIPS:
            for users in (1, 8, 64):
                for again in range(2):
                    row = {
                        "id": f"{model}-{chip}-{users}-{again}",
                        "model": model,
                        "chip": chip,
                        "framework": "vllm" if kind != "training" else "NeMo 24.07",
                        "framework_version": "0.19.0",
                        "precision": "fp8",
                        "mode": "agg",
                        "concurrency": str(users),
                        "quality": "A",
                        "source": f"source_file={chip}.csv",
                        "note": "",
                    }
                    for metric, unit in UNITS[kind].items():
                        row[metric] = f"{unit * users**0.5 * (1.03 if again else 1.0):.4f}"
                    made.append(row)
    return made


def scored_of(kind, rows, splits=SPREAD):
    random = np.random.default_rng(7)
    found = []
    for i, row in enumerate(rows):
        told = labels(row, kind)
        for metric in UNITS[kind]:
            for split, spread in splits.items():
                wrong = 2.0 if (row["model"], row["chip"]) == ("large", "B200") else 1.0
                measured = float(row[metric])
                predicted = measured * wrong * float(np.exp(random.normal(0, spread)))
                low, high = np.exp(-1.28 * spread), np.exp(1.28 * spread)
                prediction = Prediction(measured, predicted, low * predicted, high * predicted)
                found.append(Scored(kind, row_id(row, i), split, metric, prediction, told))
    return found


@pytest.fixture(scope="module")
def evidence():
    rows = {kind: rows_of(kind) for kind in METRICS}
    return Evidence(
        found=[s for kind in METRICS for s in scored_of(kind, rows[kind])],
        rows={kind: {row_id(r, i): r for i, r in enumerate(rows[kind])} for kind in METRICS},
        labels={kind: [labels(r, kind) for r in rows[kind]] for kind in METRICS},
        tallies={kind: Tally(40, 36, {'unknown chip "X".': 4}) for kind in METRICS},
        pairs={kind: pairs(rows[kind], kind) for kind in METRICS},
        made="2026-01-01",
        current=True,
    )


@pytest.fixture(scope="module")
def page(evidence):
    return accuracy_page(evidence, "accuracy")


def test_what_is_weak_is_said_before_any_other_error(page):
    text, _ = page
    order = [text.index(f"\n## {h}") for h in ("What is weak, first", "Errors", "The noise", "Intervals")]
    assert order == sorted(order)
    assert text.index("large on B200") < text.index("\n## Errors")


def test_the_worst_group_comes_first_and_is_named(evidence):
    held = [s for s in evidence.found if s.metric == "tpot_mean_ms" and s.split == FOLD]
    groups = weakest(held, evidence.pairs["serving"], 3)
    assert groups[0].name == "large on B200, vllm"
    assert groups[0].median == pytest.approx(1.0, abs=0.15)
    assert [g.median for g in groups] == sorted((g.median for g in groups), reverse=True)


def test_a_group_within_a_worse_one_is_passed_over(evidence):
    held = [s for s in evidence.found if s.metric == "tpot_mean_ms" and s.split == FOLD]
    taken = set()
    for group in weakest(held, evidence.pairs["serving"], 9):
        ids = {s.id for s in group.found}
        assert len(ids & taken) <= len(ids) / 2
        taken |= ids


def test_the_mean_without_what_carries_more_error_than_rows_is_smaller(evidence):
    held = [s for s in evidence.found if s.metric == "tpot_mean_ms" and s.split == FOLD]
    (share,) = carriers(held, 99)
    mean = np.mean([abs(s.error) for s in held])
    assert share.name == "large, vllm"
    assert share.rows == pytest.approx(1 / len(MODELS))
    assert share.mean_without < mean
    assert share.mean_without * (1 - share.rows) == pytest.approx(mean * (1 - share.error))


def test_a_split_that_errs_much_more_than_the_held_out_is_said_in_words(evidence):
    said = weak_sentences(evidence.found)
    assert any("model never seen" in s and "tokens/s per chip" in s for s in said)


def test_intervals_that_hold_are_not_called_weak():
    good = [
        s for s in scored_of("training", rows_of("training"), {FOLD: 0.05}) if s.labels["model"] != "large"
    ]
    assert not weak_sentences(good)


def test_every_split_has_its_line_and_its_column(page, evidence):
    text, _ = page
    for split in SPREAD:
        assert f"| {SPLITS[split]} |" in text
    lines = groups_table(
        [s for s in evidence.found if s.metric == "tpot_mean_ms"], "chip", evidence.pairs["serving"]
    )
    assert "median, model never seen" in lines[0]
    assert len(lines) == 2 + len(CHIPS)


def test_the_noise_floor_stands_beside_each_error(evidence):
    lines = headline(evidence.found, evidence.pairs)
    assert "floor by repeats" in lines[0]
    first = next(line for line in lines if "TPOT" in line)
    # All repeats differ by 3 %: a predictor of their mean errs by ln(1.03) / sqrt 2.
    assert "| 2.1 % (18 pairs) |" in first


def test_rows_refused_are_counted_with_the_reason(page):
    assert '4 unknown chip "X"' in page[0]


def test_every_picture_is_shown_and_every_picture_shown_is_made(page):
    text, pictures = page
    assert set(re.findall(r"\]\(accuracy/([\w.]+)\)", text)) == set(pictures)


def test_pictures_are_small_whole_svg_files_for_light_and_dark(page):
    for name, svg in page[1].items():
        root = ET.fromstring(svg)
        assert root.tag.endswith("svg"), name
        assert len(svg) < 150_000, name
        assert "prefers-color-scheme:dark" in svg
        assert "#123456" not in svg
        assert "#654321" not in svg


def test_a_picture_has_a_dot_for_every_row_that_no_other_hides(page):
    svg = page[1]["serving_tpot_mean_ms.svg"]
    rows = len(SPREAD) * len(rows_of("serving"))
    assert 0.5 * rows < svg.count("h0M") + svg.count('h0"') <= rows


def test_tables_have_as_many_cells_in_every_line(page):
    for block in re.findall(r"(?:^\|.*\|$\n)+", page[0], re.MULTILINE):
        lines = block.strip().split("\n")
        assert len({line.replace("\\|", "").count("|") for line in lines}) == 1, lines[0]


def test_a_bar_in_a_cell_does_not_part_it():
    assert table(("a",), [["x|y"]])[2] == "| x\\|y |"


def test_the_same_predictions_give_the_same_picture_whatever_was_drawn_before(page, evidence):
    tpot = [s for s in evidence.found if s.metric == "tpot_mean_ms"]
    title = "Predicted against measured: TPOT, serving.csv"
    assert scatter(tpot, title, "ms") == page[1]["serving_tpot_mean_ms.svg"]


@pytest.fixture
def undrawn(monkeypatch):
    """The page without the seconds that its pictures take."""
    for name in ("scatter", "dots", "coverage"):
        monkeypatch.setattr(f"counterpoise.report.accuracy_page.{name}", lambda *_: "<svg/>")


@pytest.mark.usefixtures("undrawn")
def test_the_same_evidence_gives_the_same_text(page, evidence):
    assert accuracy_page(evidence, "accuracy")[0] == page[0]


@pytest.mark.usefixtures("undrawn")
def test_predictions_of_another_fit_are_called_so(evidence):
    assert "are of another fit" in accuracy_page(replace(evidence, current=False), "accuracy")[0]


@pytest.mark.usefixtures("undrawn")
def test_a_page_of_held_out_conditions_alone_says_so(evidence):
    held = [s for s in evidence.found if s.split == FOLD]
    text, _ = accuracy_page(replace(evidence, found=held, current=None), "accuracy")
    assert "Only held-out conditions are shown" in text
    assert "never seen" not in text.split("## Errors")[1]


def test_parts_divide_a_table_without_overlap(evidence):
    serving = [part for part in PARTS if part.table == "serving"]
    ids = [id(s) for part in serving for s in part.of(evidence.found)]
    assert len(ids) == len(set(ids))
