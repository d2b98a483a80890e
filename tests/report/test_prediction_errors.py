"""What `accuracy` prints: the answer first, the noise floor beside, the worst groups, why not all rows."""

from counterpoise.report.prediction_errors import WORST, accuracy_lines


def figures(n=50, median=0.1):
    return {
        "n": n,
        "median_ape": median,
        "mean_ape": 2 * median,
        "p90_ape": 4 * median,
        "bias": median / 2,
        "within_20pct": 0.8,
        "interval80_coverage": 0.79,
    }


def document(**other):
    return {
        "rows": 60,
        "predicted": 50,
        "refused": {"unknown chip": 7, "no precision": 3},
        "metrics": {"tpot_mean_ms": figures()},
        "by": {},
        **other,
    }


def test_the_first_line_is_the_answer():
    assert accuracy_lines(document(), 100)[0] == "Median error: TPOT 10 %. 60 rows: 50 predicted, 10 refused."


def test_the_noise_floor_stands_in_the_table():
    lines = accuracy_lines(document(), 100)
    assert lines[2].split()[-1] == "floor"
    assert lines[4].endswith("%")


def test_a_measure_that_was_never_measured_twice_has_no_floor():
    lines = accuracy_lines(document(metrics={"kv_cache_tokens": figures()}), 100)
    assert lines[4].endswith(" -")


def test_the_worst_groups_come_first_and_small_ones_not_at_all():
    by = {"chip": {"A": {"tpot_mean_ms": figures(50, 0.1)}, "B": {"tpot_mean_ms": figures(4, 0.9)}}}
    by["chip"]["C"] = {"tpot_mean_ms": figures(9, 0.3)}
    text = "\n".join(accuracy_lines(document(by=by), 100))
    assert text.index("C  ") < text.index("A  ")
    assert "90 %" not in text


def test_a_group_that_is_all_rows_is_not_shown():
    assert "worst by" not in "\n".join(
        accuracy_lines(document(by={"chip": {"A": {"tpot_mean_ms": figures()}}}), 100)
    )


def test_one_group_under_two_names_is_shown_once():
    same = {"A": {"tpot_mean_ms": figures(20, 0.5)}, "B": {"tpot_mean_ms": figures(30, 0.1)}}
    lines = accuracy_lines(document(by={"framework": same, "version": dict(same)}), 100)
    assert sum(line.startswith(("framework", "version")) for line in lines) == len(same)


def test_at_most_so_many_groups_are_shown():
    by = {"chip": {f"chip{i}": {"tpot_mean_ms": figures(20, 0.1 + i / 100)} for i in range(30)}}
    assert sum(line.startswith("chip ") for line in accuracy_lines(document(by=by), 100)) == WORST


def test_reasons_of_refusal_come_most_frequent_first():
    assert accuracy_lines(document(), 100)[-2:] == ["- 7: unknown chip", "- 3: no precision"]


def test_nothing_predicted_is_said():
    lines = accuracy_lines(document(metrics={}, predicted=0), 60)
    assert lines[0] == "60 rows: 0 predicted, 10 refused."
    assert "Nothing was predicted." in lines


def test_it_fits_forty_columns():
    by = {"version": {f"NGC PyTorch {i}": {"tpot_mean_ms": figures(9, i / 10)} for i in (1, 2)}}
    assert all(len(line) <= 40 for line in accuracy_lines(document(by=by), 40))
