from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analysis.cases import small_case
from counterpoise.analysis.not_chosen import not_chosen
from counterpoise.analysis.whynot import STAGES, Reason, grouped, most_interesting, stage_of
from counterpoise.planning.solve import solve

REASONS = st.builds(
    Reason,
    what=st.sampled_from([f"model-{i} on box-{j}" for i in range(4) for j in range(4)]),
    why=st.sampled_from(
        [
            "not sold in CN",
            "does not fit 8 x 96 GB",
            "AIME 2024 61.0 %, floor 70 %",
            "dearer than other",
            "feasible, costs 12% more per request on a busy system",
            "the moon is full",
        ]
    ),
    nearness=st.floats(0.0, 2.0),
)


@given(st.lists(REASONS, max_size=40))
def test_no_refusal_is_lost_in_grouping(reasons: list[Reason]) -> None:
    groups = grouped(reasons)
    assert {(w, g.why) for g in groups for w in g.all_what} == {(r.what, r.why) for r in reasons}
    assert len({g.why for g in groups}) == len(groups)
    short = most_interesting(groups, 3)
    assert set(short) <= set(groups)
    assert len(short) == min(3, len(groups))


@given(st.lists(REASONS, max_size=20), st.randoms(use_true_random=False))
def test_the_order_in_which_refusals_were_met_does_not_matter(reasons: list[Reason], random: object) -> None:
    shuffled = list(reasons)
    random.shuffle(shuffled)
    assert grouped(shuffled) == grouped(reasons)


def test_a_reason_says_at_which_stage_it_refuses() -> None:
    assert stage_of("R1 BF16: does not fit 8 x 96 GB") == "does not fit"
    assert stage_of("not sold in CN") == "not to be had"
    assert stage_of("needs an export licence") == "not to be had"
    assert stage_of("GPQA Diamond 41.0 %, floor 60 %") == "below the floor"
    assert stage_of("TPOT 71 ms at the least, 60 ms asked") == "too slow"
    assert stage_of("dearer than dgx-h20") == "beaten"
    assert stage_of("meets the floor, as qwen does, which is smaller in every respect") == "beaten"
    assert stage_of("not among the chips that the case allows") == "not to be had"
    assert stage_of("takes 1434 GiB a chip, 79 GiB are there") == "does not fit"
    assert stage_of("its weights are not public") == "not published"
    assert stage_of("") == "other"
    assert len({stage for stage, _ in STAGES}) == len(STAGES)


def test_a_short_list_shows_each_kind_of_reason_before_a_second_of_any() -> None:
    reasons = [
        Reason("far", "feasible, costs 90% more", 0.9),
        Reason("near", "feasible, costs 5% more", 0.05),
        *(Reason(f"big-{i}", "does not fit 8 x 24 GB") for i in range(5)),
        Reason("bigger", "does not fit 8 x 48 GB"),
        Reason("o1 API", "not sold in CN"),
        Reason("sibling", "dearer than other"),
    ]
    short = most_interesting(grouped(reasons), 3)
    assert [g.what for g in short] == ["near", "o1 API", "big-0, big-1 and 3 more"]
    assert most_interesting(grouped(reasons), 9)[-1].what == "sibling"


def test_what_could_run_and_does_not_says_what_it_would_cost() -> None:
    case = small_case()
    plan = solve(case)
    reasons = {r.what: r for r in not_chosen(case, plan, everything=True)}
    assert set(reasons) == {"app bf16 @ site", "app bf16 @ cloud", "app bf16 @ ascend", "app API"}
    assert "more per request" in reasons["app API"].why
    assert reasons["app API"].nearness > reasons["app bf16 @ site"].nearness > 0
    assert "needs port" in reasons["app bf16 @ ascend"].why


def test_one_reason_a_pool_unless_everything_is_asked() -> None:
    case = small_case()
    slow = replace(case.serving["app bf16 @ site"], id="slower still", requests_per_s=0.1)
    case = replace(case, serving={**case.serving, "slower still": slow})
    plan = solve(case)
    names = [r.what for r in not_chosen(case, plan, name=str.upper)]
    assert "APP BF16 @ SITE" in names
    assert "SLOWER STILL" not in names
    assert "slower still" in [r.what for r in not_chosen(case, plan, everything=True)]


def test_what_cannot_be_had_says_so() -> None:
    case = replace(small_case(), rents={}, reserves={})
    case = replace(case, buys={k: replace(b, lead_periods=0) for k, b in case.buys.items()})
    plan = solve(case)
    whys = [r.why for r in not_chosen(case, plan, everything=True) if "cloud" in r.what]
    assert whys
    assert all("no system or price" in why for why in whys)
