"""The map in the package's docstring is the room: every module once, and none above what it leans on."""

import ast
import re
from pathlib import Path

import pytest

from counterpoise import market

FOLDER = Path(market.__file__).parent
MAP = re.findall(r"^ {6}(\w+) +\S", market.__doc__, re.MULTILINE)


def leans_on(module):
    """Modules of the room that one imports, wherever in it the import stands."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "counterpoise.market":
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("counterpoise.market."):
            yield node.module.rpartition(".")[2]


def test_every_module_has_one_line():
    assert sorted(MAP) == sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", MAP)
def test_a_module_leans_only_on_those_above_it(module):
    above = set(MAP[: MAP.index(module)])
    assert set(leans_on(module)) <= above
