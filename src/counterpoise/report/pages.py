"""Which page a run has, by what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.errors import BadInput

Document = Mapping[str, Any]


def page_of(document: Document, about: Mapping[str, Any] | None = None) -> str:
    """Return the report of a run of `plan`, `market` or `replay` as the text of one HTML file.

    Raises BadInput for a run without a page.
    """
    if document.get("kind") in {"market", "replay"}:
        from counterpoise.report import market_page

        return market_page.page(document, about)
    if "cost" not in document:
        raise BadInput(
            f"a run of {document.get('question', 'this kind')} has no page.",
            hint="Its answer and tables are in run.json; plan, market and replay write pages.",
        )
    from counterpoise.report import page

    return page.page(document, about)
