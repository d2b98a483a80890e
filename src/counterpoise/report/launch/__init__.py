"""Ready launch commands and manifests for a deployment that `size` chose.

Each engine has a module that turns a `Deployment` into commands of that engine; `kubernetes` wraps them.
Flags are those of the engines' own documentation as of 2026: vLLM `serve` with its data-parallel and NIXL
pages, SGLang server arguments and PD disaggregation, TensorRT-LLM `trtllm-serve`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.errors import BadInput, Refused, UnknownName, Where
from counterpoise.report.launch import kubernetes, sglang, trtllm, vllm
from counterpoise.report.launch.deployment import Deployment, deployment_of

EXPORTS = ("vllm", "sglang", "trtllm", "kubernetes")
_ENGINES = {"vllm": vllm, "sglang": sglang, "trtllm": trtllm}


def launch(kind: str, document: Mapping[str, Any], row: Mapping[str, Any], *, image: str = "") -> str:
    """Return the text of the export `kind` ("vllm", "sglang", "trtllm", "kubernetes") for one deployment.

    `image` is the container of a manifest.  Raises `Refused`, with the reason, where the engine cannot run
    the deployment as it was sized, and `BadInput` for what a person can put right.
    """
    if kind not in EXPORTS:
        raise UnknownName("export", kind, EXPORTS, where=Where(field="--export"))
    d = deployment_of(document, row)
    engine = d.engine if kind == "kubernetes" else kind
    if d.engine not in ("generic", engine):
        raise BadInput(
            f"the deployment was sized for {d.engine}.",
            where=Where(field="--export"),
            hint=f"Write --export {d.engine}, or size it with --engine {kind}.",
        )
    _refuse_chip(d, "vllm" if engine == "generic" else engine)
    if kind == "kubernetes":
        name = "vllm" if engine == "generic" else engine
        return kubernetes.manifest(d, name, _ENGINES[name].nodes(d), image)
    return str(_ENGINES[kind].script(d))


def _refuse_chip(d: Deployment, engine: str) -> None:
    runs_on = {"trtllm": ("cuda",), "vllm": ("cuda", "rocm"), "sglang": ("cuda", "rocm")}[engine]
    if d.software not in runs_on:
        raise Refused(
            f"--export: {d.chip} runs {d.software}, and no {engine} command for it is known here "
            f"({' and '.join(runs_on)} only)."
        )


__all__ = ["EXPORTS", "launch"]
