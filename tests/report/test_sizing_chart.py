"""The frontier as a picture: an SVG that names its lines, its units, what was asked and the answer."""

from xml.etree import ElementTree

import pytest

from counterpoise.errors import BadInput
from counterpoise.report.sizing_chart import frontier_svg

ASKED = {
    "input_tokens": 3000.0, "output_tokens": 800.0, "ttft_ms": 2000.0, "tpot_ms": 50.0, "percentile": 90.0,
    "engine": "vllm",
}  # fmt: skip


def point(chip, speed, rate, precision="fp8"):
    return {
        "chip": chip, "precision": precision, "output_tokens_per_s_per_user": speed,
        "output_tokens_per_s_per_chip": rate, "low80_output_tokens_per_s_per_chip": 0.7 * rate,
        "high80_output_tokens_per_s_per_chip": 1.4 * rate,
    }  # fmt: skip


def document(*points, **more):
    row = {
        "chip": "H200", "precision": "fp8", "n_chips": 8, "output_tokens_per_s_per_user": 25.0,
        "output_tokens_per_s_per_chip": 700.0, "usd_per_million_output_tokens": 0.5,
    }  # fmt: skip
    return {
        "model": "deepseek-r1", "native_precision": "fp8", "asked": ASKED, "deployments": [row], "chosen": 1,
        "frontier": list(points), **more,
    }  # fmt: skip


CURVES = [point("H200", 25, 700), point("H200", 80, 60), point("MI300X", 22, 650), point("MI300X", 70, 40)]


def words(svg):
    return " ".join(
        "".join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")
    )


def test_the_picture_names_each_line_both_axes_with_units_the_target_and_the_answer():
    said = words(frontier_svg(document(*CURVES)))
    for expected in (
        "H200 fp8", "MI300X fp8", "tokens/s for each user", "output tokens/s for each chip",
        "TPOT 50 ms asked", "3,000 tokens in, 800 out", "80 % interval", "0.5 USD per million output tokens",
    ):  # fmt: skip
        assert expected in said


def test_the_precision_of_the_release_is_drawn_and_another_only_where_there_is_none():
    points = [*CURVES, point("H200", 40, 5000, "fp4"), point("H20", 30, 300, "int4")]
    said = words(frontier_svg(document(*points)))
    assert "H200 fp4" not in said
    assert "H20 int4" in said


def test_one_point_is_a_picture_too_and_none_is_refused():
    assert "H200 fp8" in words(frontier_svg(document(CURVES[0], deployments=[], chosen=None)))
    with pytest.raises(BadInput, match="--chart"):
        frontier_svg(document())
