"""Our probability of a claim as of a day: the share of draws in which all of its tests hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from counterpoise.errors import Refused
from counterpoise.market.claim_draws import Draws, draws_of
from counterpoise.market.claim_forecasts import Desk
from counterpoise.market.ledger import Claim, Test
from counterpoise.market.verdicts import Judged, judge_test

Held = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Probability:
    """Probability by forecast, ours first, with its Monte-Carlo standard error.

    `known`: every test was decided by facts public on the day, so nothing was forecast.  `why` says why there
    is none, where there is none.
    """

    by: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    basis: tuple[str, ...] = ()
    known: bool = False
    why: str = ""

    @property
    def ours(self) -> float | None:
        """The probability that is scored; None where nobody forecasts a part of the claim."""
        return next(iter(self.by.values()))[0] if self.by else None

    @property
    def standard_error(self) -> float | None:
        """Monte-Carlo standard error of `ours`."""
        return next(iter(self.by.values()))[1] if self.by else None


def probability(claim: Claim, desk: Desk) -> Probability:
    """Return the probability of a claim.

    Tests that rest on one forecast share its draws, so they hold or fail together as they would; tests that
    rest on different ones are independent.  A test decided by what was public already is 0 or 1.
    """
    tests: list[dict[str, Held]] = []
    for test in claim.tests:
        decided = judge_test(test, claim, desk.book)
        if decided.state in ("holds", "fails"):
            tests.append({"": np.full(1, decided.state == "holds")})
            continue
        if decided.state == "undecided":
            tests.append({"": _within(decided, desk)})
            continue
        try:
            tests.append({name: _holds(test, drawn) for name, drawn in draws_of(test, claim, desk).items()})
        except Refused as reason:
            return Probability(why=str(reason))
    names = list(dict.fromkeys(name for answers in tests for name in answers if name)) or ["known already"]
    by = {}
    for name in names:
        held = np.ones(1, np.bool_)
        for answers in tests:
            held = _both(held, answers.get(name, next(iter(answers.values()))))
        by[name] = _share(held)
    return Probability(by, tuple(_bases(claim, desk)), known=names == ["known already"])


def _holds(test: Test, drawn: Draws) -> Held:
    return test.condition.holds(drawn.values, drawn.reference)


def _within(decided: Judged, desk: Desk) -> Held:
    """Draw by draw, uniform over a range that is public already; its condition holds on a part of it."""
    generator, n = desk.generator(decided.test.written), desk.forecasts.draws
    values = generator.uniform(decided.seen.low, decided.seen.high, n)
    if decided.test.against is None:
        return decided.test.condition.holds(values)
    return decided.test.condition.holds(
        values, generator.uniform(decided.reference.low, decided.reference.high, n)
    )


def _both(a: Held, b: Held) -> Held:
    """Draw by draw; fewer draws of one forecast bound the other's, a single value goes with every draw."""
    shortest = min(len(one) for one in (a, b) if len(one) > 1) if max(len(a), len(b)) > 1 else 1
    return np.asarray(a[:shortest] & b[:shortest])


def _share(held: Held) -> tuple[float, float]:
    """Share of draws and its standard error; for none or all, as if one more had gone the other way."""
    n, share = len(held), float(held.mean())
    if n == 1:
        return share, 0.0
    spread = share * (1 - share) if 0 < share < 1 else 1 / (n + 2)
    return share, math.sqrt(spread / n)


def _bases(claim: Claim, desk: Desk) -> list[str]:
    found: list[str] = []
    for test in claim.tests:
        try:
            found += [drawn.basis for drawn in draws_of(test, claim, desk).values()]
        except Refused:
            continue
    return list(dict.fromkeys(found))
