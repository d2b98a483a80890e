"""The pictures of the market's questions, each from a plain document of the market rooms.

In the family's look (`charts.py`): ink that follows the page, colours that colour-blind readers can tell
apart, a caption that says what is shown and on what it rests.
"""

from __future__ import annotations

from counterpoise.report.elasticity_chart import elasticity_fan
from counterpoise.report.racks_chart import published_forecasts
from counterpoise.report.spread_charts import sensitivities, value_distribution

__all__ = ["elasticity_fan", "published_forecasts", "sensitivities", "value_distribution"]
