from datetime import date
from types import SimpleNamespace

import pytest

from analysis.cases import small_case
from counterpoise.analysis.rests_on import facts
from counterpoise.catalogue.records import Figure, Offer, Provenance
from counterpoise.planning.solve import solve


def priced(name: str, kind: str, low: float, mid: float, high: float) -> Offer:
    """An offer whose price somebody quoted as a range."""
    figure = Figure(mid, low, high, "USD", Provenance("a reseller", date(2025, 1, 20), "quoted"))
    return Offer(name, kind, "reseller", "H20", "", (), figure, date(2025, 1, 1))


def assembled() -> SimpleNamespace:
    """What stands behind the small case: points with intervals, offers with ranges."""
    case = small_case()
    point = SimpleNamespace(low80=0.8, high80=1.25, basis="H20 as measured")
    sized = {
        k: SimpleNamespace(model="m", chip=case.pools[d.pool].chip, point=point)
        for k, d in {**case.serving, **case.training}.items()
    }
    offers = {
        "buy H20": priced("buy H20", "buy", 120e3, 150e3, 180e3),
        "buy Ascend": priced("buy Ascend", "buy", 80e3, 90e3, 99e3),
        "reserve H20": priced("reserve H20", "reserve", 0.8, 0.9, 1.0),
        "rent H20": priced("rent H20", "on_demand", 0.7, 1.0, 2.0),
    }
    return SimpleNamespace(
        problem=case,
        serving={k: s for k, s in sized.items() if k in case.serving},
        training={k: s for k, s in sized.items() if k in case.training},
        supply=SimpleNamespace(offers=offers),
        apis={},
    )


def test_a_plan_rests_on_the_speeds_and_prices_it_uses_and_no_others() -> None:
    behind = assembled()
    plan = solve(behind.problem)
    found = {f.id: f for f in facts(behind, plan, SimpleNamespace(workloads=()))}
    assert set(found) == {
        "speed serving m H20", "speed training m H20",
        "price buy H20", "price reserve H20", "price rent H20", "electricity",
    }  # fmt: skip
    assert "app bf16 @ site" in found["speed serving m H20"].ids
    assert (found["speed serving m H20"].low, found["speed training m H20"].low) == (0.8, 0.8)
    assert found["price buy H20"].high == pytest.approx(1.2)
    assert found["price rent H20"].low == pytest.approx(0.7)
    assert found["price rent H20"].kind == "quoted"
    assert "reseller" in found["price rent H20"].basis
