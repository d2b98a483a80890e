"""Times Epoch AI's sampler of NVIDIA chips as published: reads a question from a file, answers into another.

Runs in an environment of its own.  The cells of their notebook that define the model are run as they are; the
two tables come from the repository's own copies (the notebook fetches the same from the network), with the
column names that the notebook expects.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from pathlib import Path

SHARES = {"A100": "A100", "H100": "H100/H200", "H20": "H20", "GB200": "B200", "GB300": "B300"}
IMPORTS = """
import numpy as np
import pandas as pd
import squigglepy as sq
from squigglepy.numbers import B, K, M
"""
DEFINING = (
    "# NVIDIA chip types",
    "def find_first_year_with_price",
    "def get_deflation_factor",
    "def sample_revenue(",
)
SKIPPED = ("docs.google.com", "requests.get", "plt.")
"""A cell with one of these fetches, or draws pictures."""


def main() -> None:
    """Time their sampler at their own number of samples."""
    asked, told = map(Path, sys.argv[1:3])
    question = json.loads(asked.read_text(encoding="utf-8"))
    repository = Path(question["repository"])
    sys.path.insert(0, str(repository))
    import chip_estimates_utils as theirs
    import numpy as np
    import pandas as pd

    revenue = pd.read_csv(repository / "data_inputs" / "Nvidia quarterly revenue.csv").set_index("Quarter")
    revenue = revenue.rename(columns={"compute_revenue": "Compute revenue"})
    for column, chip in SHARES.items():
        revenue[f"{chip} share"] = revenue[column]
    revenue["A800 share"] = revenue["H800 share"] = 0.0
    revenue = revenue[revenue["Compute revenue"].notna()]
    prices = pd.read_csv(repository / "data_inputs" / "Nvidia annual prices.csv").set_index("Year")
    space = {"revenue_df": revenue, "prices_df": prices, "QUARTERS": revenue.index.tolist()}
    exec(IMPORTS, space)
    notebook = json.loads((repository / "nvidia_estimates.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        defines = any(words in text for words in DEFINING)
        if cell["cell_type"] == "code" and defines and not any(word in text for word in SKIPPED):
            exec(text, space)
    np.seterr(invalid="raise")
    samples = question["samples"]

    def seconds(revenue_of, shares_of, deflation_of):
        taken = []
        for _ in range(question["repeats"]):
            started = time.process_time()
            found = theirs.estimate_cumulative_chip_sales(
                quarters=space["QUARTERS"],
                chip_types=space["CHIP_TYPES"],
                sample_revenue=revenue_of,
                sample_shares=shares_of,
                sample_base_price=space["sample_base_price"],
                get_deflation_factor=deflation_of,
                sample_revenue_uncertainty=space["sample_revenue_uncertainty"],
                price_correlation=0.5,
                base_price_distributions=space["BASE_PRICES"],
                n_samples=samples,
            )
            taken.append(time.process_time() - started)
        return min(taken), found

    published = [space[name] for name in ("sample_revenue", "sample_shares", "get_deflation_factor")]
    as_published, found = seconds(*published)
    # The three read a table and draw nothing, so that remembering what they read changes no number.
    remembered, _ = seconds(*map(functools.cache, published))
    total = sum(float(np.median(chips)) for quarter in found.values() for chips in quarter.values())
    answer = {
        "seconds": as_published,
        "seconds_tables_remembered": remembered,
        "samples": samples,
        "quarters": len(space["QUARTERS"]),
        "chips": len(space["CHIP_TYPES"]),
        "total_of_medians": total,
    }
    told.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
