"""Properties of the catalogue are about facts, not about how fast a busy machine checks them."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("catalogue", deadline=None)
settings.load_profile("catalogue")
