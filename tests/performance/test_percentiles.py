"""A latency of which some requests wait further: its percentile is where that share of them lies below."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from counterpoise.performance.percentiles import Waiting, waiting_percentile


def share_below(seconds, w):
    """Wilson and Hilferty's normal of the cube root, of the body and of the body with the further wait."""

    def below(mean, variance):
        shape = mean * mean / variance
        return ndtr(((seconds / mean) ** (1 / 3) - 1 + 1 / (9 * shape)) * 3 * np.sqrt(shape))

    longer = below(w.body_s + w.further_s, w.body_variance + w.further_s**2)
    return (1 - w.chance) * below(w.body_s, w.body_variance) + w.chance * longer


@given(
    body=st.floats(1e-3, 1e2), spread=st.floats(0.05, 1.0), chance=st.floats(0.0, 1.0),
    further=st.floats(1e-2, 1e3), percentile=st.floats(1.0, 99.9),
)  # fmt: skip
def test_the_share_of_requests_below_a_percentile_is_the_percentile(
    body, spread, chance, further, percentile
):
    values = (0.0, body, (spread * body) ** 2, chance, further * body)
    w = Waiting(*(np.array([x]) for x in values))
    found = waiting_percentile(w, percentile)
    if found > 0:
        assert share_below(found, w) == pytest.approx(percentile / 100, abs=1e-6)
    else:
        assert share_below(0.0, w) >= percentile / 100


def test_what_all_requests_go_through_moves_every_percentile():
    body = [np.array([x]) for x in (2.0, 1.0, 0.3, 5.0)]
    without, moved = (Waiting(np.array([s]), *body) for s in (0.0, 7.0))
    assert waiting_percentile(moved, 90.0) == pytest.approx(waiting_percentile(without, 90.0) + 7.0)
