"""Which deployments are offered to the optimiser, and why the rest are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from counterpoise.errors import BadInput
from counterpoise.planning.assemble import assemble
from counterpoise.planning.deployments import LEAST_GAIN, thinned, undominated
from counterpoise.planning.techniques import Techniques, nearest_quarters, precisions
from counterpoise.planning.variants import needless
from planning.cases_by_hand import SMALL, case_of


@pytest.fixture(scope="module")
def assembled():
    case, facts = case_of()
    return case, facts, assemble(case, facts)


def test_every_deployment_serves_within_the_latency_targets(assembled):
    case, _, found = assembled
    (workload,) = case.workloads
    assert found.serving
    for sized in found.serving.values():
        assert sized.point.ttft_s <= workload.ttft_s
        assert sized.point.tpot_s <= workload.tpot_s
        assert all(g.met for g in sized.grades)


def test_a_quantised_variant_needs_the_adoption_and_the_native_one_needs_none(assembled):
    _, _, found = assembled
    for sized in found.serving.values():
        needs = {r.technique for r in sized.deployment.requires}
        assert ("fp8-weights: deepseek-r1-distill-qwen-32b" in needs) == (sized.precision == "fp8")


def test_no_deployment_is_beaten_by_another_on_its_system(assembled):
    _, _, found = assembled
    by_pool = {}
    for sized in found.serving.values():
        by_pool.setdefault(sized.deployment.pool, []).append(sized)
    for sized in by_pool.values():
        assert len(undominated(sized)[0]) == len(sized)


def test_chips_whose_software_may_not_be_ported_to_are_refused_by_name(assembled):
    _, _, found = assembled
    assert any("cann" in r.why for r in found.refusals)


def test_a_small_gain_does_not_pay_for_a_technique_more(assembled):
    _, _, found = assembled
    plain = next(s for s in found.serving.values() if not s.deployment.requires)
    needy = next(s for s in found.serving.values() if s.deployment.requires)
    hardly = replace(
        plain,
        deployment=replace(
            plain.deployment,
            id="hardly",
            requires=needy.deployment.requires,
            requests_per_s=plain.deployment.requests_per_s * (1 + LEAST_GAIN / 2),
        ),
    )
    much = replace(
        hardly,
        deployment=replace(hardly.deployment, id="much", requests_per_s=plain.deployment.requests_per_s * 2),
    )
    assert undominated([plain, hardly])[0] == [plain]
    assert set(map(id, undominated([plain, much])[0])) == {id(plain), id(much)}
    assert thinned([plain, hardly, much], lambda requires: 1000.0 * len(requires)) == [plain, much]


def test_a_model_is_needless_only_beside_one_that_is_usable_as_released(assembled):
    _, facts, _ = assembled
    small, large = facts.models["deepseek-r1-distill-qwen-7b"], facts.models["deepseek-r1-distill-llama-70b"]
    assert needless([small, large], {small.name}) == {large.name: small.name}
    assert needless([small, large], set()) == {}


def test_a_model_released_in_fp8_runs_in_16_bits_without_a_technique():
    _, facts = case_of()
    found = precisions(Techniques.of(facts), facts.models["deepseek-r1"])
    assert found["fp8"] is None and found["bf16"] is None
    assert found["int4"] is not None


@pytest.mark.parametrize(("weeks", "periods"), [(0, 0), (6, 0), (7, 1), (13, 1), (20, 2)])
def test_work_is_usable_in_the_quarter_nearest_to_its_end(weeks, periods):
    assert nearest_quarters(weeks) == periods


def test_a_model_below_the_floor_can_be_fine_tuned_and_then_its_training_must_be_run():
    text = SMALL.replace("{GPQA Diamond: 60}", "{GPQA Diamond: 64}").replace(
        "[fp8-weights]", "[fine-tune-lora]"
    )
    case, facts = case_of(text)
    taught = facts.techniques["fine-tune-lora"]
    recovery = replace(taught.figures["score_recovery"], low=1.0, mid=1.05, high=1.1)
    figures = {**taught.figures, "score_recovery": recovery}
    facts = replace(facts, techniques={"fine-tune-lora": replace(taught, figures=figures)})
    found = assemble(case, facts)
    (option,) = found.problem.techniques.values()
    work = found.problem.training_demand[option.training]
    assert work.optional and work.tokens == taught.figures["training_tokens"].mid
    assert {d.workload for d in found.problem.training.values()} == {option.training}
    assert all(option.id in {r.technique for r in d.requires} for d in found.problem.serving.values())


def test_a_technique_without_the_figure_of_its_effect_is_a_mistake_and_no_silent_default():
    case, facts = case_of(SMALL.replace("[fp8-weights]", "[draft-model]"))
    draft = facts.techniques["draft-model"]
    figures = {k: v for k, v in draft.figures.items() if k != "acceptance_rate"}
    facts = replace(facts, techniques={"draft-model": replace(draft, figures=figures)})
    with pytest.raises(BadInput, match="acceptance_rate"):
        assemble(case, facts)
