"""A section of a case, read by its schema: each value in its canonical unit, each mistake in its place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from counterpoise.catalogue.tree import Mapping, Node, Scalar, Sequence
from counterpoise.errors import BadInput, UnknownName, Where, nearest
from counterpoise.planning.case_schema import SECTIONS, Field
from counterpoise.units import money, quantity
from counterpoise.workload.calendar import HOURS, Quarter, quarter_start

Value = TypeVar("Value")
Exchange = Callable[[str, Where], float]
"""Units per US dollar of a currency; raises BadInput at a place where no rate is known."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Section:
    """Fields of one mapping; `schema` names its table in `case_schema.SECTIONS`, `path` its place.

    Getters return None where the field is absent and not required.
    """

    node: Mapping
    schema: str
    path: str
    file: str
    currency: str = "USD"
    exchange: Exchange | None = None

    def check(self) -> Section:
        """Refuse unknown fields and missing required ones; return the section itself."""
        known = {f.name: f for f in SECTIONS[self.schema]}
        for name in self.node.fields:
            if name not in known:
                raise UnknownName("field", name, known, where=self._at(name, self.node.lines[name]))
        for field in known.values():
            if field.required and not self.has(field.name):
                hint = f'Write "{field.name}: {field.example}".' if field.example else ""
                raise BadInput("it is missing.", where=self._at(field.name, self.node.line), hint=hint)
        return self

    def has(self, name: str) -> bool:
        """Whether a field is there; one with nothing after its colon is a mistake."""
        node = self.node.fields.get(name)
        if isinstance(node, Scalar) and not node.text:
            field = self._field(name)
            hint = f'Write "{name}: {field.example}", or remove the line.' if field.example else "Remove it."
            raise BadInput("it has no value.", where=self.where(name), hint=hint)
        return node is not None

    def where(self, name: str, item: str = "", line: int | None = None) -> Where:
        """Place of a field, or of one `item` of it ("[2]", ".2025Q3")."""
        node = self.node.fields.get(name)
        return self._at(f"{name}{item}", line or (node.line if node else self.node.line))

    def bad(self, name: str, problem: str, hint: str = "") -> BadInput:
        """Return the error of a field's value."""
        return BadInput(problem, where=self.where(name), hint=hint)

    def unknown(self, name: str, what: str, value: str, known: Iterable[str]) -> UnknownName:
        """Return the error of a field that names something unknown."""
        return UnknownName(what, value, known, where=self.where(name))

    def text(self, name: str) -> str | None:
        """One line of text."""
        return self._scalar(name, self.node.fields[name]) if self.has(name) else None

    def choice(self, name: str) -> str | None:
        """One of the schema's choices."""
        text = self.text(name)
        choices = self._field(name).choices
        if text is None or text in choices:
            return text
        near = nearest(text, choices, 1)
        hint = f'Did you mean "{near[0]}"?' if near else f"Write {' or '.join(choices)}."
        raise self.bad(name, f'"{text}" is not among {", ".join(choices)}.', hint)

    def day(self, name: str) -> date | None:
        """A day, YYYY-MM-DD."""
        text = self.text(name)
        if text is None:
            return None
        try:
            if not _DATE.fullmatch(text):
                raise ValueError(text)
            return date.fromisoformat(text)
        except ValueError:
            hint = f'Write it as "{self._field(name).example}".'
            raise self.bad(name, f'"{text}" is not a date.', hint) from None

    def quarter(self, name: str) -> date | None:
        """First day of a quarter written as 2025Q1."""
        text = self.text(name)
        return None if text is None else self._quarter(text, self.where(name))

    def number(self, name: str, least: float, most: float) -> float | None:
        """A plain number within limits."""
        text = self.text(name)
        if text is None:
            return None
        value = quantity(text, "count", where=self.where(name))
        if not least <= value <= most:
            raise self.bad(name, f"{text} is not between {least:g} and {most:g}.")
        return value

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number within limits."""
        value = self.number(name, least, most)
        if value is not None and value != int(value):
            raise self.bad(name, f'"{self.text(name)}" is not a whole number.')
        return None if value is None else int(value)

    def quantity(self, name: str) -> float | None:
        """A quantity in the canonical unit of its dimension."""
        if not self.has(name):
            return None
        return self._quantity(self._field(name), self.node.fields[name], self.where(name))

    def money_usd(self, name: str) -> float | None:
        """Money, in US dollars, per what the schema says."""
        if not self.has(name):
            return None
        return self._money(self._field(name), self.node.fields[name], self.where(name))

    def quantity_by_quarter(self, name: str, periods: tuple[Quarter, ...]) -> tuple[float, ...] | None:
        """A quantity for each quarter."""
        return self._by_quarter(name, periods, self._quantity)

    def money_usd_by_quarter(self, name: str, periods: tuple[Quarter, ...]) -> tuple[float, ...] | None:
        """Money for each quarter, in US dollars."""
        return self._by_quarter(name, periods, self._money)

    def names(self, name: str) -> tuple[tuple[str, Where], ...]:
        """A list of names, each with its place; a single name may stand alone."""
        if not self.has(name):
            return ()
        node = self.node.fields[name]
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(
            (
                self._scalar(name, item),
                self.where(name, f"[{i}]" if isinstance(node, Sequence) else "", item.line),
            )
            for i, item in enumerate(items)
        )

    def floors(self, name: str, benchmarks: Iterable[str]) -> dict[str, float]:
        """Least scores in percent by benchmark, in the order of their names."""
        known = set(benchmarks)
        floors = {}
        for benchmark, value, where in self._pairs(name):
            if benchmark not in known:
                raise UnknownName("benchmark", benchmark, known, where=where)
            text = value.removesuffix("%").strip()
            score = quantity(text, "count", where=where)
            if score > 100 or 0 < score <= 1:
                hint = f'Write "{text}" as percent, 0 to 100.' if score > 100 else f"Write {score * 100:g}?"
                raise BadInput(f'"{value}" is not a score in percent.', where=where, hint=hint)
            floors[benchmark] = score
        return dict(sorted(floors.items()))

    def counts(self, name: str, find: Callable[[str, Where], str]) -> dict[str, float]:
        """Whole numbers by name; `find` resolves a name or raises at its place."""
        counts = {}
        for key, value, where in self._pairs(name):
            count = quantity(value, "count", where=where)
            if count != int(count):
                raise BadInput(f'"{value}" is not a whole number.', where=where)
            counts[find(key, where)] = count
        return dict(sorted(counts.items()))

    def loads(self, name: str) -> tuple[float, ...] | None:
        """24 hourly loads as fractions of the largest."""
        if not self.has(name):
            return None
        texts = self.names(name)
        if len(texts) != HOURS:
            raise self.bad(name, f"{len(texts)} hourly loads.", "Write 24, the first from midnight to one.")
        loads = [quantity(text.removesuffix("%").strip(), "count", where=where) for text, where in texts]
        if max(loads) <= 0:
            raise self.bad(name, "all loads are 0.", "Write the load of each hour, in any unit.")
        return tuple(load / max(loads) for load in loads)

    def section(self, name: str, schema: str = "") -> Section | None:
        """The section in a field; `{}` is one with nothing in it."""
        if not self.has(name):
            return None
        return self._section(self.node.fields[name], schema or name, name)

    def sections(self, name: str, schema_of: Callable[[Section], str]) -> tuple[Section, ...]:
        """The sections in a list; `schema_of` tells the schema of each, before its fields are checked."""
        node = self.node.fields[name] if self.has(name) else None
        if not isinstance(node, Sequence) or not node.items:
            raise self.bad(name, "it is not a list with something in it.", 'Start each item with "- ".')
        found = []
        for i, item in enumerate(node.items):
            plain = self._section(item, "", f"{name}[{i}]", check=False)
            found.append(self._section(item, schema_of(plain), f"{name}[{i}]"))
        return tuple(found)

    def _section(self, node: Node, schema: str, name: str, *, check: bool = True) -> Section:
        if not isinstance(node, Mapping):
            fields = SECTIONS.get(schema, ())
            example = f'"{fields[0].name}: {fields[0].example}"' if fields else '"id: app"'
            raise BadInput(
                "fields were expected here.",
                where=self._at(name, node.line),
                hint=f"Write {example} and so on.",
            )
        path = f"{self.path}.{name}" if self.path else name
        section = Section(node, schema, path, self.file, self.currency, self.exchange)
        return section.check() if check else section

    def _at(self, name: str, line: int) -> Where:
        return Where(self.file, line, f"{self.path}.{name}" if self.path else name)

    def _field(self, name: str) -> Field:
        return next(f for f in SECTIONS[self.schema] if f.name == name)

    def _scalar(self, name: str, node: Node) -> str:
        if not isinstance(node, Scalar):
            example = self._field(name).example
            raise BadInput("one value was expected here.", where=self.where(name), hint=f'Write "{example}".')
        if not node.text.strip():
            raise BadInput("it is empty.", where=self.where(name, line=node.line))
        return " ".join(node.text.split())

    def _quantity(self, field: Field, node: Node, where: Where) -> float:
        value = quantity(self._scalar(field.name, node), field.dimension, write=field.write, where=where)
        if field.positive and value <= 0:
            raise BadInput("0 leaves nothing to plan.", where=where, hint=f'Write "{field.example}".')
        return value

    def _money(self, field: Field, node: Node, where: Where) -> float:
        text = self._scalar(field.name, node)
        amount = money(text, field.dimension, currency=self.currency, where=where)
        if self.exchange is None:
            raise BadInput(f'"{text}" has no exchange rate here.', where=where)
        return amount.amount / self.exchange(amount.currency, where)

    def _quarter(self, text: str, where: Where) -> date:
        start = quarter_start(text)
        if start is None:
            raise BadInput(f'"{text}" is not a quarter.', where=where, hint='Write "2025Q1".')
        return start

    def _pairs(self, name: str) -> Iterable[tuple[str, str, Where]]:
        if not self.has(name):
            return
        node = self.node.fields[name]
        if not isinstance(node, Mapping):
            raise self.bad(name, "names with values were expected.", f'Write "{self._field(name).example}".')
        for key, item in node.fields.items():
            where = self.where(name, f"[{key}]", node.lines[key])
            if not isinstance(item, Scalar) or not item.text:
                raise BadInput("one value was expected here.", where=where)
            yield key, item.text, where

    def _by_quarter(
        self,
        name: str,
        periods: tuple[Quarter, ...],
        read: Callable[[Field, Node, Where], float],
    ) -> tuple[float, ...] | None:
        """One value for all, a list of one a quarter, or values by the quarter from which they hold."""
        if not self.has(name):
            return None
        node, field = self.node.fields[name], self._field(name)
        if isinstance(node, Scalar):
            return (read(field, node, self.where(name)),) * len(periods)
        if isinstance(node, Sequence):
            if len(node.items) != len(periods):
                raise self.bad(
                    name, f"{len(node.items)} values for {len(periods)} quarters.", "Write one for each."
                )
            return tuple(
                read(field, item, self.where(name, f"[{i}]", item.line)) for i, item in enumerate(node.items)
            )
        places = {key: self.where(name, f".{key}", node.lines[key]) for key in node.fields}
        steps = sorted(
            (self._quarter(key, places[key]), read(field, item, places[key]))
            for key, item in node.fields.items()
        )
        if not steps or steps[0][0] > periods[0].start:
            raise self.bad(
                name, f"nothing is said about {periods[0].label}.", f'Begin with "{periods[0].label}: ...".'
            )
        steps.reverse()
        return tuple(next(value for start, value in steps if start <= period.start) for period in periods)


def or_no_limit(values: tuple[float, ...] | None, count: int) -> tuple[float, ...]:
    """Return the values, infinity in each quarter where there are none."""
    return (math.inf,) * count if values is None else values
