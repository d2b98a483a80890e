"""`make docs`: what the documentation quotes from the product, made again by the product.

- docs/case.md: the tables of fields, from the schema;
- docs/accuracy.md: errors of prediction on the measured tables, from `accuracy`;
- README.md: what the demo prints, and docs/demo.svg, one of its charts.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from counterpoise import service
from counterpoise.planning.case_schema import table_lines
from counterpoise.report.charts import figures
from counterpoise.report.terminal import analysis_lines, plan_lines

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "src" / "counterpoise" / "performance" / "measurements"
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


def accuracy_page() -> None:
    """Write docs/accuracy.md: out-of-fold errors by measure and by chip, worst chips first."""
    lines = [
        "# Predicted against measured",
        "",
        "Out-of-fold errors on the measured tables (rows of quality C left out): a row's own condition",
        "never reaches its prediction. Made by `make docs`; one table again:",
        "`counterpoise accuracy FILE --kind KIND`.",
    ]
    for kind in ("serving", "inference", "training", "memory"):
        told = service.accuracy(MEASURED / f"{kind}.csv", kind=kind, all_rows=False, predictions=None)
        lines += ["", f"## {kind}.csv", "", f"{told['predicted']:,} of {told['rows']:,} rows predicted."]
        lines += [
            "",
            "| measure | n | median | mean | 90th percentile | bias | in the 80 % interval |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, m in told["metrics"].items():
            shares = (m["median_ape"], m["mean_ape"], m["p90_ape"])
            errors = " | ".join(f"{100 * x:.1f} %" for x in shares)
            inside = f"{100 * m['interval80_coverage']:.0f} %"
            lines.append(f"| {name} | {m['n']:,} | {errors} | {100 * m['bias']:+.1f} % | {inside} |")
        lines += ["", "Median error by chip, worst first:", ""]
        first = next(iter(told["metrics"]), None)
        chips = [
            (v[first]["median_ape"], c, v[first]["n"]) for c, v in told["by"]["chip"].items() if first in v
        ]
        lines += [
            f"- {chip}: {100 * error:.1f} % ({n:,} rows, {first})"
            for error, chip, n in sorted(chips, reverse=True)
        ]
        refused = sorted(told["refused"].items(), key=lambda item: -item[1])[:5]
        lines += [
            "",
            "Refused: " + ("; ".join(f"{n} x {why}" for why, n in refused) if refused else "none") + ".",
        ]
    (ROOT / "docs" / "accuracy.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


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
    accuracy_page()
    demo()
