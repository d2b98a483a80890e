"""One form for the many ways people and tools write the name of a chip or a model.

`nvidia-smi` says "NVIDIA H100 80GB HBM3", a benchmark "h100_sxm", a hub id ends in "-Instruct-FP8-dynamic":
they mean what the catalogue knows under a shorter name.  The forms here are compared for equality only; a
name is never taken for one that merely looks like it.
"""

from __future__ import annotations

import re
from functools import lru_cache

_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
"""Hyphens that typesetting puts in names ("M1 Max 32\u2011Core"): people mean the plain one."""
_MAKERS = re.compile(
    "^(?:nvidia|amd|intel|google|aws|huawei|cloud|habana|sambanova|geforce|tesla|instinct|data-center-gpu)-"
)
_FORMATS = frozenset(
    (
        *(
            "instruct",
            "chat",
            "it",
            "base",
            "hf",
            "dynamic",
            "static",
            "block",
            "quantized",
            "kv",
            "gguf",
            "ptpc",
        ),
        *("fp8", "fp4", "nvfp4", "mxfp4", "mxfp8", "bf16", "fp16", "int4", "int8", "awq", "gptq", "ptpc"),
        *("w8a8", "w4a16", "w8a16", "w4a8", "quantized.w8a8", "quantized.w4a16", "quantized.w8a16", "4bit"),
    )
)
"""Endings that say how weights were tuned or stored, and leave the architecture as it is."""
_REVISION = re.compile(r"-(fp8|fp4|nvfp4|mxfp4)-v\d+$")


def folded(name: str) -> str:
    """Return a name with plain hyphens and without case or space around it."""
    return name.strip().translate(_HYPHENS).casefold()


@lru_cache(maxsize=4096)
def chip_form(name: str) -> str:
    """Return the form by which chips and systems are compared: "NVIDIA H100 SXM5" as "h100sxm5"."""
    form = re.sub(r"[\s_-]+", "-", folded(name))
    while _MAKERS.match(form):
        form = _MAKERS.sub("", form)
    return form.replace("-", "")


@lru_cache(maxsize=4096)
def model_form(name: str) -> str:
    """Return the form by which models are compared: "meta-llama/Llama-3.1-8B-Instruct" as "llama3.18b".

    The organisation, and endings that say how the weights were tuned or stored, are left out.
    """
    form = re.sub(r"[\s_-]+", "-", folded(name).rsplit("/", 1)[-1])
    form = _REVISION.sub("", form).removeprefix("meta-").removeprefix("nvidia-")
    return "".join(part for part in form.split("-") if part not in _FORMATS)
