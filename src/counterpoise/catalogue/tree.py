"""YAML text to a tree of plain scalars, each with its line, so that every mistake can be shown in place.

The stream of YAML events is read here rather than PyYAML's values: a case needs no types but text (`NO` is
Norway, `60` has lost its unit), no aliases (they explode) and no tags (they construct), and keys given twice
are mistakes.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterpoise.errors import BadInput, Where

if TYPE_CHECKING:
    import yaml

LARGEST_BYTES = 1_000_000
DEEPEST = 12
MOST_NODES = 20_000
_ABSENT = frozenset(("", "~", "null", "Null", "NULL"))


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as written, without quotes; empty where nothing, `~` or null was written."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Fields by name in the order written; `lines` holds the line of each name."""

    fields: dict[str, Node]
    lines: dict[str, int]
    line: int


Node = Scalar | Sequence | Mapping


def read_tree(text: bytes | str, file_name: str) -> Mapping:
    """Return the top mapping of a YAML document.

    Raises BadInput, with file and line, for text that is too large, not UTF-8, not YAML or no mapping, and
    for aliases, tags, keys given twice and nesting deeper than `DEEPEST`.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    decoded = _decoded(text, file_name)
    builder = _Builder(file_name)
    try:
        node = builder.document(yaml.parse(decoded, Loader=loader))
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, decoded, file_name) from None
    except yaml.YAMLError as error:
        problem = str(error).splitlines()[0]
        raise BadInput(f"not a YAML file: {problem}.", where=Where(file_name)) from None
    if isinstance(node, Mapping):
        return node
    what = "the file is empty" if node is None else "the file has no fields"
    raise BadInput(
        f"{what}.",
        where=Where(file_name),
        hint='Write "name: My case" and so on; counterpoise init DIR writes one.',
    )


def _decoded(text: bytes | str, file_name: str) -> str:
    if len(text) > LARGEST_BYTES:
        raise BadInput(
            f"the file is larger than {LARGEST_BYTES / 1e6:g} MB.",
            where=Where(file_name),
            hint="Is it the right file?",
        )
    try:
        data = text.encode("utf-8") if isinstance(text, str) else text
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise BadInput("the file is UTF-16.", where=Where(file_name), hint="Save it as UTF-8.")
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadInput(
            "the file is not UTF-8.", where=Where(file_name, line), hint="Save it as UTF-8."
        ) from None
    except UnicodeEncodeError:
        raise BadInput("the text is not Unicode.", where=Where(file_name), hint="Save it as UTF-8.") from None


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file_name: str) -> BadInput:
    mark = error.problem_mark or error.context_mark
    line = None if mark is None else mark.line + 1
    problem = " ".join(filter(None, (error.problem, error.context)))
    lines = text.splitlines()
    at = "" if line is None or line > len(lines) else lines[line - 1]
    if "\t" in at[: len(at) - len(at.lstrip())]:
        return BadInput(
            "a tab at the start of the line.", where=Where(file_name, line), hint="Indent with spaces."
        )
    hint = "Look at its colon, indent, quotes and brackets; the line before may be at fault."
    return BadInput(f"not YAML: {problem}.", where=Where(file_name, line), hint=hint)


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


class _Builder:
    """Builds the tree from events; counts nodes and depth."""

    def __init__(self, file_name: str) -> None:
        self.file, self.nodes, self.depth = file_name, 0, 0

    def bad(self, problem: str, line: int, hint: str = "", field: str | None = None) -> BadInput:
        return BadInput(problem, where=Where(self.file, line, field), hint=hint)

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """Return the only document's node, None where there is no document."""
        import yaml

        node: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    line = _line(event)
                    raise self.bad("a second document starts here.", line, 'Remove the "---".')
            elif not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentEndEvent):
                node = self.node(event, events)
        return None if isinstance(node, Scalar) and not node.text else node

    def node(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Node:
        """Build the node that `event` starts."""
        import yaml

        line = _line(event)
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.bad(f"more than {MOST_NODES:,} entries.", line, "Is it the right file?")
        if isinstance(event, yaml.AliasEvent):
            raise self.bad(f'the alias "*{event.anchor}" is not followed.', line, "Write the value itself.")
        if not isinstance(event, yaml.ScalarEvent | yaml.SequenceStartEvent | yaml.MappingStartEvent):
            raise self.bad("a value was expected here.", line)
        if event.tag is not None and event.tag != "!":
            raise self.bad(f'the tag "{event.tag}" has no meaning here.', line, "Write the value without it.")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            return Scalar("" if plain and event.value in _ABSENT else event.value, line)
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.bad(f"nested deeper than {DEEPEST} levels.", line, "Is a bracket open?")
        sequence = isinstance(event, yaml.SequenceStartEvent)
        built = self.sequence(events, line) if sequence else self.mapping(events, line)
        self.depth -= 1
        return built

    def sequence(self, events: Iterator[yaml.Event], line: int) -> Sequence:
        """Build a list up to its end."""
        import yaml

        items = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.node(event, events))
        return Sequence(tuple(items), line)

    def mapping(self, events: Iterator[yaml.Event], line: int) -> Mapping:
        """Build a mapping up to its end; a name given twice is a mistake."""
        import yaml

        fields: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, events)
            if not isinstance(key, Scalar):
                raise self.bad("a field has no name.", key.line, 'Write "name: value".')
            if key.text in fields:
                first = lines[key.text]
                raise self.bad(
                    f"it is given twice, first in line {first}.", key.line, "Keep one of them.", key.text
                )
            fields[key.text], lines[key.text] = self.node(next(events), events), key.line
        return Mapping(fields, lines, line)
