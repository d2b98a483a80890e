"""`make docs`: what the documentation quotes from the product, made again by the product.

- docs/case.md: the tables of fields, from the schema;
- docs/accuracy.md and its pictures: errors of prediction on the measured tables, by `accuracy_page.py`;
- README.md: what the demo prints, and docs/demo.svg, one of its charts.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import accuracy_page

from counterpoise import service
from counterpoise.planning.case_schema import table_lines
from counterpoise.report.charts import figures
from counterpoise.report.terminal import analysis_lines, plan_lines

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "sme-reasoning"
WIDTH = 100
SHOWN_OF_ANSWER = "Purchases and rentals"
SHOWN_CHART = "cost"
PICTURE = re.compile(r"(<!-- picture -->\n).*?(\n\n## )", re.DOTALL)
BLOCK = re.compile(r"(<!-- demo -->\n```\n).*?(\n```)", re.DOTALL)


def case_page() -> None:
    """Write the tables of docs/case.md again."""
    page = ROOT / "docs" / "case.md"
    marker = "<!-- from here on: python -m counterpoise.planning.case_schema -->"
    head = page.read_text(encoding="utf-8").split(marker)[0]
    page.write_text(f"{head}{marker}\n\n" + "\n".join(table_lines()).rstrip() + "\n", encoding="utf-8")


def demo() -> None:
    """Write what the demo prints into README.md, and one of its charts beside it."""
    with tempfile.TemporaryDirectory() as runs:
        document = service.plan(EXAMPLE, runs_dir=Path(runs), on_stage=lambda *_: None, html=False)
    case = "examples/sme-reasoning"
    text = "\n".join([*plan_lines(document, WIDTH), "", *analysis_lines(document, WIDTH, case=case)])
    shown = text.split(SHOWN_OF_ANSWER)[0].rstrip()
    readme = ROOT / "README.md"
    whole = readme.read_text(encoding="utf-8")
    readme.write_text(BLOCK.sub(lambda m: m[1] + shown + m[2], whole), encoding="utf-8")
    chart = next(f for f in figures(document) if f.name == SHOWN_CHART)
    (ROOT / "docs" / "demo.svg").write_text(chart.svg.replace("currentColor", "#333333"), encoding="utf-8")
    words = f"![{chart.title}](docs/demo.svg)\n\n*{chart.title}. {chart.caption}*"
    whole = readme.read_text(encoding="utf-8")
    readme.write_text(PICTURE.sub(lambda m: m[1] + words + m[2], whole), encoding="utf-8")


if __name__ == "__main__":
    case_page()
    accuracy_page.write()
    demo()
