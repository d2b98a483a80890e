"""Export rules: may a chip be newly had in a region, as far as one knew."""

from __future__ import annotations

from datetime import date

from counterpoise.catalogue.records import Catalogue, ExportRule


def covers(rule: ExportRule, region: str) -> bool:
    """Whether `rule` reaches `region`; "CN" reaches "CN east" too."""
    return any(region == r or region.startswith(r + " ") for r in rule.regions)


def _in_force(rule: ExportRule, day_known: date, day_bought: date) -> bool:
    if rule.known_from > day_known or rule.valid_from > day_bought:
        return False
    end_is_known = rule.end_known_from is not None and rule.end_known_from <= day_known
    return not (end_is_known and rule.valid_to is not None and day_bought >= rule.valid_to)


def may_buy(
    catalogue: Catalogue, chip: str, region: str, day_known: date, day_bought: date
) -> tuple[bool, str]:
    """Whether `chip` may be bought for `region` on `day_bought`, as known on `day_known`, and why.

    Of the rules in force the latest decides, and of two of one day the stricter.  A rule whose end was not
    yet known is taken to go on.  The rules limit new purchases: what stands in a region may be rented there.
    """
    rules = [
        rule
        for rule in catalogue.export_rules
        if chip in rule.chips and covers(rule, region) and _in_force(rule, day_known, day_bought)
    ]
    if not rules:
        return True, "no export rule known"
    rule = max(rules, key=lambda r: (r.valid_from, not r.allowed))
    return rule.allowed, f"{rule.name} (known since {rule.known_from})"
