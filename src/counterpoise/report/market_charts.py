"""The pictures of the market's questions, each from a plain document of the market rooms.

In the family's look (`charts.py`): ink that follows the page, colours that colour-blind readers can tell
apart, a caption that says what is shown and on what it rests.
"""

from __future__ import annotations

from counterpoise.report.claims_chart import claims_strip
from counterpoise.report.elasticity_chart import elasticity_fan
from counterpoise.report.fall_chart import price_fall
from counterpoise.report.racks_chart import published_forecasts, scored_forecasts
from counterpoise.report.shipments_chart import chips_by_kind, limits_that_bind, racks_by_quarter
from counterpoise.report.spending_chart import growth, spending, vendor_revenue
from counterpoise.report.spread_charts import sensitivities, value_distribution
from counterpoise.report.tiers_chart import cut_by_tier, money_by_tier

__all__ = [
    "chips_by_kind",
    "claims_strip",
    "cut_by_tier",
    "elasticity_fan",
    "growth",
    "limits_that_bind",
    "money_by_tier",
    "price_fall",
    "published_forecasts",
    "racks_by_quarter",
    "scored_forecasts",
    "sensitivities",
    "spending",
    "value_distribution",
    "vendor_revenue",
]
