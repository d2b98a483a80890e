"""Inference engines: when their versions were released, and what they take where a user says nothing.

Both tables are read when first asked for; a plan that asks for no engine pays nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from counterpoise.catalogue.records import Chip, Provenance
from counterpoise.catalogue.table import KINDS, Row, rows
from counterpoise.errors import UnknownName, Where

GIB = 2**30
ENGINES = ("llamacpp", "sglang", "trtllm", "vllm")
FIGURES = ("block_tokens", "graph_sequences", "max_batch_tokens", "max_sequences", "memory_fraction")
_ENGINE_COLUMNS = ("engine", "version", "released", "kind", "source", "note")
_DEFAULT_COLUMNS = (
    *("engine", "figure", "from_version", "memory_gib_from", "tp_from", "except_chips", "value"),
    *("kind", "source", "note"),
)
_NAMES = {
    **{"tensorrt-llm": "trtllm", "tensorrt_llm": "trtllm", "tensorrtllm": "trtllm", "trt-llm": "trtllm"},
    **{"llama.cpp": "llamacpp", "llama-cpp": "llamacpp", "llama_cpp": "llamacpp"},
}


@dataclass(frozen=True, slots=True)
class Engine:
    """A version of an inference engine.

    `released`: its day; of a development build the first measurement with it, of a range its last day, so
    that no plan believes it earlier than it was there.  `provenance.kind` says which.
    """

    name: str
    version: str
    released: date
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class EngineDefault:
    """What an engine takes for `figure` where the user says nothing.

    It holds from `from_version` on, on chips whose memory is at least `memory_gib_from` GiB and whose name
    holds none of `except_chips`, with `tp_from` chips or more in tensor parallel.
    """

    engine: str
    figure: str
    from_version: tuple[int, ...]
    memory_gib_from: float
    tp_from: int
    except_chips: tuple[str, ...]
    value: float
    source: str
    kind: str
    note: str


def engine_name(name: str) -> str:
    """Return an engine's name as the tables have it: "TensorRT-LLM" is "trtllm"; unknown ones as given."""
    folded = name.strip().casefold()
    return _NAMES.get(folded, folded)


def find_engine(name: str, version: str, *, where: Where | None = None) -> Engine:
    """Return a version of an engine; UnknownName offers the nearest version, or the nearest engine."""
    engine = engine_name(name)
    known = {e.version: e for e in engines() if e.name == engine}
    if not known:
        raise UnknownName("engine", name, ENGINES, where=where)
    wanted = version.strip().removeprefix("v")
    if wanted in known:
        return known[wanted]
    raise UnknownName(f"version of {engine}", version, known, where=where)


def engine_versions(as_of: date | None = None, name: str = "") -> tuple[Engine, ...]:
    """Return the versions out on `as_of` (None: all), newest first; of one engine or of all."""
    engine = engine_name(name)
    if name and engine not in ENGINES:
        raise UnknownName("engine", name, ENGINES)
    found = (e for e in engines() if e.name == engine or not name)
    known = (e for e in found if as_of is None or e.released <= as_of)
    return tuple(sorted(known, key=lambda e: (e.released, version_key(e.version)), reverse=True))


def engine_default(
    engine: str, figure: str, version: str = "", chip: Chip | None = None, tp: int = 1
) -> float | None:
    """Return what `engine` takes for `figure`; None where the tables do not say.

    Parameters
    ----------
    engine : its name; "generic" and engines not in the table have no defaults.
    figure : one of `FIGURES`: sequences at once, tokens of one step, share of the memory, tokens of a block
        of the cache, sequences of the largest CUDA graph.
    version : as it is printed; where blank or unreadable, the newest.
    chip : decides by memory and name; None is taken as one of H100's size.
    tp : chips in tensor parallel.
    """
    if figure not in FIGURES:
        raise UnknownName("figure of an engine", figure, FIGURES)
    memory = 80.0 if chip is None else (chip.value("memory_bytes") or 0.0) / GIB
    label = "" if chip is None else chip.name.casefold()
    wanted = version_key(version)
    fitting = [
        d
        for d in engine_defaults()
        if d.engine == engine_name(engine)
        and d.figure == figure
        and (not wanted or d.from_version <= wanted)
        and d.memory_gib_from <= memory
        and d.tp_from <= tp
        and not any(part.casefold() in label for part in d.except_chips)
    ]
    if not fitting:
        return None
    return max(fitting, key=lambda d: (d.from_version, d.memory_gib_from, d.tp_from)).value


def version_key(version: str) -> tuple[int, ...]:
    """Return a version's numbers for comparison, "0.8.5.post1" as (0, 8, 5); empty where it has none first.

    "2024-05", as llama.cpp is dated, is (2024, 5).  What follows the numbers ("rc2", "post1") is left out.
    """
    found = re.match(r"v?(\d+(?:[.-]\d+)*)", version.strip())
    return tuple(int(part) for part in re.split("[.-]", found.group(1))) if found else ()


@lru_cache(maxsize=1)
def engines() -> tuple[Engine, ...]:
    """Return every version that the table knows."""
    found = []
    for row in _table("engines", _ENGINE_COLUMNS):
        released = row.day("released")
        known = Provenance(row.name("source"), released, row.one_of("kind", KINDS), row.text("note"))  # type: ignore[arg-type]
        found.append(Engine(row.one_of("engine", ENGINES), row.name("version"), released, known))
    return tuple(found)


@lru_cache(maxsize=1)
def engine_defaults() -> tuple[EngineDefault, ...]:
    """Return every default that the table knows."""
    return tuple(
        EngineDefault(
            engine=row.one_of("engine", ENGINES),
            figure=row.one_of("figure", FIGURES),
            from_version=version_key(row.name("from_version")),
            memory_gib_from=row.number("memory_gib_from"),
            tp_from=row.count("tp_from"),
            except_chips=row.names("except_chips"),
            value=row.number("value"),
            source=row.name("source"),
            kind=row.one_of("kind", KINDS),
            note=row.text("note"),
        )
        for row in _table("engine_defaults", _DEFAULT_COLUMNS)
    )


def _table(name: str, columns: tuple[str, ...]) -> list[Row]:
    data = files("counterpoise.catalogue").joinpath("data", f"{name}.csv").read_bytes()
    return list(rows(data, f"{name}.csv", columns, columns))
