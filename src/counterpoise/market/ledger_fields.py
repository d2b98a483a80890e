"""Fields of a YAML that a person writes (a ledger, a replay), each with its place: file, line and field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from counterpoise.catalogue.tree import Mapping, Node, Scalar, Sequence
from counterpoise.errors import BadInput, UnknownName, Where


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one mapping, and where it stands."""

    node: Mapping
    file: str
    path: str

    def where(self, name: str) -> Where:
        """Place of a field."""
        node = self.node.fields.get(name)
        line = self.node.line if node is None else self.node.lines[name]
        return Where(self.file, line, f"{self.path}.{name}" if self.path else name)

    def bad(self, name: str, problem: str, hint: str = "") -> BadInput:
        """Return the error of a field, to be raised by the caller."""
        return BadInput(problem, where=self.where(name), hint=hint)

    def only(self, allowed: tuple[str, ...]) -> None:
        """Refuse a field that is not among `allowed`."""
        for name in self.node.fields:
            if name not in allowed:
                raise UnknownName("field", name, allowed, where=self.where(name))

    def has(self, name: str) -> bool:
        """Whether a field is there."""
        return name in self.node.fields

    def text(self, name: str) -> str:
        """One line of text; "" where the field is absent or empty."""
        node = self.node.fields.get(name)
        if node is None:
            return ""
        if not isinstance(node, Scalar):
            raise self.bad(name, "one text was expected here.", "Write it on one line.")
        return " ".join(node.text.split())

    def needed(self, name: str, hint: str = "") -> str:
        """Return one line of text that must be there."""
        text = self.text(name)
        if not text:
            raise self.bad(name, "it is missing." if not self.has(name) else "it has no value.", hint)
        return text

    def day(self, name: str) -> date:
        """Return a day, YYYY-MM-DD."""
        text = self.needed(name, "Write a day, as 2025-02-03.")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.bad(name, f'"{text}" is not a date.', "Write it as 2025-02-03.") from None

    def names(self, name: str, hint: str = "Write MSFT or [MSFT, META].") -> tuple[str, ...]:
        """Return a text, or a list of texts; () where the field is absent."""
        node = self.node.fields.get(name)
        items: tuple[Node, ...] = (
            node.items if isinstance(node, Sequence) else () if node is None else (node,)
        )
        found = tuple(item.text for item in items if isinstance(item, Scalar) and item.text)
        if len(found) != len(items):
            raise self.bad(name, "a name or a list of names was expected.", hint)
        return found
