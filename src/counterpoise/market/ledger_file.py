"""A ledger as a person writes it: YAML to frozen claims, each mistake with its file, line and field."""

from __future__ import annotations

from collections.abc import Mapping as Map
from datetime import date

from counterpoise.catalogue.tree import Mapping, Sequence, read_tree
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.market.calendar import Period, Span
from counterpoise.market.claim_series import BASKETS, FALLS, PRICE_BASES, SERIES, Series
from counterpoise.market.ledger import Claim, Condition, Ledger, Test
from counterpoise.market.ledger_conditions import CONDITIONS
from counterpoise.market.ledger_conditions import condition as written_condition
from counterpoise.market.ledger_fields import Fields

CLAIM_FIELDS = ("id", "who", "said_on", "text", "basis", "reading", "deadline", "source", "url", "parts")
TEST_FIELDS = ("series", "of", "period", "against", "from", "to", "prices", "topic", *CONDITIONS)
REQUIRED = ("id", "who", "said_on", "text", "basis", "deadline", "source")
Known = Map[str, frozenset[str]]
"""Entities that the facts hold, by the series a claim names; a series that is absent is not checked."""


def read_ledger(data: bytes, file: str, known: Known | None = None) -> Ledger:
    """Read a ledger; raises BadInput or UnknownName for whatever is wrong with it."""
    try:
        top = Fields(read_tree(data, file), file, "")
    except BadInput as error:
        if "file" not in error.problem or error.where.line is not None:
            raise
        hint = "counterpoise claims --template prints a ledger to start from."
        raise BadInput(error.problem, where=error.where, hint=hint) from None
    top.only(("claims", "name"))
    node = top.node.fields.get("claims")
    if not isinstance(node, Sequence) or not node.items:
        raise top.bad("claims", "there are no claims.", "counterpoise claims --template prints a ledger.")
    claims: dict[str, Claim] = {}
    for number, item in enumerate(node.items):
        if not isinstance(item, Mapping):
            raise BadInput(
                "a claim is a list of fields.",
                where=Where(file, item.line, f"claims[{number}]"),
                hint='Write "- id: ...", then who, said_on, text and so on.',
            )
        fields = Fields(item, file, f"claims[{number}]")
        claim = _claim(fields, known or {})
        if claim.name in claims:
            raise fields.bad("id", f'the id "{claim.name}" is there twice.', "Give each claim its own.")
        claims[claim.name] = claim
    return Ledger(top.text("name") or file, tuple(claims.values()))


def _claim(fields: Fields, known: Known) -> Claim:
    fields.only((*CLAIM_FIELDS, *TEST_FIELDS))
    hints = {
        "deadline": "A claim that is never due cannot be scored: write the day by which it must be seen.",
        "source": "Say where it can be read.",
        "basis": "Say what its figures count, as: cash capex, four companies.",
    }
    for name in REQUIRED:
        fields.needed(name, hints.get(name, ""))
    said_on, deadline = fields.day("said_on"), fields.day("deadline")
    if deadline < said_on:
        raise fields.bad("deadline", f"it is before {said_on}, when the claim was made.")
    tests = _tests(fields, known)
    for test in tests:
        if test.ends is not None and test.ends > deadline:
            raise fields.bad(
                "deadline",
                f"{test.series} for {test.when} is not over by {deadline}.",
                f"Write a deadline on or after {test.ends}.",
            )
    return Claim(
        name=fields.text("id"),
        who=fields.text("who"),
        said_on=said_on,
        text=fields.text("text"),
        basis=fields.text("basis"),
        deadline=deadline,
        source=fields.text("source"),
        tests=tests,
        url=fields.text("url"),
        reading=fields.text("reading"),
    )


def _tests(fields: Fields, known: Known) -> tuple[Test, ...]:
    if not fields.has("parts"):
        return (_test(fields, known),)
    for name in TEST_FIELDS:
        if fields.has(name):
            raise fields.bad(name, "the claim has parts; this belongs into one of them.")
    node = fields.node.fields["parts"]
    if not isinstance(node, Sequence) or not node.items:
        raise fields.bad("parts", "there are no parts.", "Write a list; all of its parts must hold.")
    tests = []
    for number, item in enumerate(node.items):
        path = f"{fields.path}.parts[{number}]"
        if not isinstance(item, Mapping):
            raise BadInput("a part is a list of fields.", where=Where(fields.file, item.line, path))
        part = Fields(item, fields.file, path)
        part.only(TEST_FIELDS)
        tests.append(_test(part, known))
    return tuple(tests)


def _test(fields: Fields, known: Known) -> Test:
    name = fields.needed("series", f"It is one of {', '.join(SERIES)}.")
    if name not in SERIES:
        raise UnknownName("series", name, SERIES, where=fields.where("series"))
    series = SERIES[name]
    condition, unit, written = written_condition(fields, series)
    period, against = _periods(fields, series, condition)
    first_day, last_day = _days(fields, series)
    of, of_name = _of(fields, series, known.get(name))
    if condition.kind in ("rises", "falls") and written == "slows":
        series = _growth_of(fields, series)
    return Test(
        series=series.name,
        unit=unit,
        condition=condition,
        of=of,
        of_name=of_name,
        period=period,
        against=against,
        first_day=first_day,
        last_day=last_day,
        price_basis=_price_basis(fields, series),
        topic=_topic(fields, series),
        written=written,
    )


def _growth_of(fields: Fields, series: Series) -> Series:
    """Return the series whose fall is meant by "slows"."""
    growth = {"capex_total": "capex_yoy", "capex_yoy": "capex_yoy"}
    if series.name not in growth:
        raise fields.bad("direction", f"{series.name} has no series of its growth.", "Write rises or falls.")
    return SERIES[growth[series.name]]


def _periods(fields: Fields, series: Series, condition: Condition) -> tuple[Period | None, Period | None]:
    spans = [span for span in series.spans if span not in ("days", "none")]
    if not spans:
        for name in ("period", "against"):
            if fields.has(name):
                raise fields.bad(name, f"{series.name} has no period.")
        return None, None
    if not fields.has("period") and "none" in series.spans:
        return None, None
    period = _period(fields, "period", series, spans)
    if condition.kind not in ("rises", "falls"):
        if fields.has("against"):
            raise fields.bad("against", "only a direction is measured against another period.")
        return period, None
    against = _period(fields, "against", series, spans)
    if against.span != period.span or against.first >= period.first:
        raise fields.bad("against", f"{against} is not an earlier {period.span} than {period}.")
    return period, against


def _period(fields: Fields, name: str, series: Series, spans: list[Span]) -> Period:
    like: dict[Span, str] = {"quarter": "2025Q4", "half": "1H2025", "year": "2025"}
    wanted = " or ".join(f"a {span} ({like[span]})" for span in spans)
    period = Period.read(fields.needed(name, f"Write {wanted}."), fields.where(name))
    if period.span not in spans:
        raise fields.bad(name, f"{series.name} is not counted by the {period.span}.", f"Write {wanted}.")
    return period


def _days(fields: Fields, series: Series) -> tuple[date | None, date | None]:
    if "days" not in series.spans:
        for name in ("from", "to", "prices"):
            if fields.has(name):
                raise fields.bad(name, f"{series.name} is no series of prices.")
        return None, None
    first, last = fields.day("from"), fields.day("to")
    if last <= first:
        raise fields.bad("to", f"it is not after {first}.")
    return first, last


def _of(fields: Fields, series: Series, known: frozenset[str] | None) -> tuple[tuple[str, ...], str]:
    if not series.of:
        if fields.has("of"):
            raise fields.bad("of", f"{series.name} is of nobody in particular.", "Remove the line.")
        return (), ""
    names = fields.names("of") or ((series.default_of,) if series.default_of else ())
    if not names:
        raise fields.bad("of", "it is missing.", f"Write whose: {series.computed_from}.")
    members = tuple(dict.fromkeys(m for name in names for m in BASKETS.get(name, (name,))))
    if series.of == "company" and len(members) != 1:
        raise fields.bad("of", f"{series.name} is of one company.", "Write one ticker.")
    if known is not None:
        for member in members:
            if member not in known:
                raise UnknownName("company", member, (*known, *BASKETS), where=fields.where("of"))
    return members, names[0] if names[0] in BASKETS and len(names) == 1 else ", ".join(members)


def _price_basis(fields: Fields, series: Series) -> str:
    if series.name not in FALLS:
        return ""
    basis = fields.text("prices") or "close to close"
    if basis not in PRICE_BASES:
        raise UnknownName("basis of prices", basis, PRICE_BASES, where=fields.where("prices"))
    return basis


def _topic(fields: Fields, series: Series) -> str:
    if series.name != "stated":
        if fields.has("topic"):
            raise fields.bad("topic", "only the series stated has a topic.", "Remove the line.")
        return ""
    return fields.needed("topic", "Write the topic of the statements, as rent_h100.")
