"""What the date of training software says: which kernels it has, how mature it is on a family of chips."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from counterpoise.catalogue.records import Catalogue, Chip

FUSED_SINCE = 2022.5
"""Year from which software fuses attention (Dao et al. 2022, arXiv 2205.14135) and divides norms over tensor
parallel chips (Korthikanti et al. 2022, arXiv 2205.05198).  Both were published in May 2022; older software
writes all scores to memory and repeats the norms on each chip."""
MATURING_YEARS = 2.0
"""Years in which the time that new software wastes on a new family of chips falls to 37 %.  Chosen among 0.5,
1, 2, 3, 4 and 6 by the errors on chips and models left out (docs/training.md)."""

GENERATION_YEARS = 2.0
"""A chip counts as new to software as a family that came at most so long before it: labels such as TPU and
Da Vinci span generations.  Chosen among 1, 2 and no limit."""
MATURE_YEARS = 4.0
"""Age that is taken for software where none is given to `training_work`."""


def year_of(day: date) -> float:
    """Year of a day, with its fraction."""
    return day.year + (day.timetuple().tm_yday - 1) / 365.25


def year_of_text(text: str) -> float | None:
    """Year that a table's date stands for: "2024-06", the middle of "2023-2024", a release as "25.09".

    None where there is no date in it.
    """
    release = re.match(r"\s*(\d\d)\.(\d\d)\b", text)
    if release:
        return 2000.0 + float(release.group(1)) + (float(release.group(2)) - 0.5) / 12
    dates = re.findall(r"(20\d\d)(?:-(\d\d)(?!\d))?", text)
    if not dates:
        return None
    years = [float(y) + ((float(m) - 0.5) / 12 if m else 0.5) for y, m in dates]
    return sum(years) / len(years)


def family_years(catalogue: Catalogue) -> dict[str, float]:
    """Year in which the first chip of each family was to be had."""
    first: dict[str, float] = {}
    for chip in catalogue.chips.values():
        year = year_of(chip.available_from)
        first[chip.family] = min(first.get(chip.family, year), year)
    return {family: round(year, 2) for family, year in sorted(first.items())}


@dataclass(frozen=True, slots=True)
class Software:
    """When each family of chips was first to be had, and the year of the newest software measured."""

    families: Mapping[str, float]
    newest: float

    def fused(self, year: float | None) -> bool:
        """Tell whether software of a year (None: the newest) has fused attention and divided norms."""
        return (self.newest if year is None else year) >= FUSED_SINCE

    def age_years(self, chip: Chip, year: float | None) -> float:
        """Years from the first chip of a family to software of a year (None: the newest); 0 for older."""
        own = year_of(chip.available_from)
        first = max(self.families.get(chip.family, own), own - GENERATION_YEARS)
        return max((self.newest if year is None else year) - first, 0.0)
