"""What the comparison says of a run, and of a peer that could not be run."""

from benchmarks.peers import page

ERRORS = {m: {"n": 20, "median": 0.1234, "mean": 0.2, "bias": -0.1} for m in ("ttft", "tpot")}
OURS = {m: {"n": 20, "median": 0.05, "mean": 0.08, "bias": 0.0} for m in ("ttft", "tpot")}


def told(distribution, **more):
    return {
        "name": distribution.upper(),
        "distribution": distribution,
        "version": "1.2.3",
        "asked": 1694,
        "predicted": 1000,
        "peer": ERRORS,
        "ours": OURS,
        "ways": {},
        "engines": {"vllm": {"n": 20, "peer": ERRORS, "ours": OURS}},
        "refusals": [(7, "model-x: no such attention")],
        "closer": {"tpot": [], "ttft": []},
        "points_per_s": 50.0,
        **more,
    }


def result(**more):
    return {
        "date": "2026-01-02",
        "cores": 2,
        "load": 0.5,
        "rows": 1694,
        "rate_seconds": 10.0,
        "table": 200000,
        "ours": {"predicted": 1694, "errors": OURS, "points_per_s": 5000.0, "search_s": 1.5},
        "peers": [told("aiconfigurator", search_s=9.0), told("llm-analysis"), told("genz-llm")],
        **more,
    }


def test_a_line_states_the_ratio_of_rates_and_of_searches():
    line = page.peer_line(result()["peers"][0], result())
    assert "ours x 100" in line
    assert "ours 6.0 times as fast" in line
    assert "12.3 / 20.0" in line


def test_a_peer_that_fails_is_a_line_that_says_why():
    line = page.peer_line({"name": "GenZ", "failed": "no network"}, result())
    assert line == "GenZ: left out (no network)"


def test_the_page_names_date_machine_and_every_refusal():
    text = page.text(result())
    assert "2026-01-02" in text
    assert "two cores" in text
    assert text.count("- 7 rows refused: model-x: no such attention") == 3
    assert "In no group" in text


def test_the_page_shows_where_a_peer_is_closer_the_widest_gap_first():
    groups = [
        {"group": ["a"], "n": 11, "peer": 0.10, "ours": 0.12, "ours_bias": 0.1},
        {"group": ["b"], "n": 12, "peer": 0.10, "ours": 0.30, "ours_bias": -0.3},
    ]
    peers = [told("aiconfigurator", search_s=9.0, closer={"tpot": groups, "ttft": []})]
    text = page.text(result(peers=[*peers, told("llm-analysis"), told("genz-llm")]))
    assert text.index("| b |") < text.index("| a |")
