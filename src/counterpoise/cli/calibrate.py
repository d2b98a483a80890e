"""The command `calibrate`; like its neighbours it imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from counterpoise.cli.output import progress, say, say_json, width


def calibrate(
    runs: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Learn from runs: a CSV of the measured tables' columns, or JSON of vLLM, SGLang, GuideLLM. "
            "Repeatable. Without it, the accelerator of this machine is measured.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="PROFILE", help="Where the profile is written; never over another file.")
    ] = Path("counterpoise-profile.json"),
    replace: Annotated[bool, typer.Option("--replace", help="Write over it.")] = False,
    start: Annotated[
        Path | None, typer.Option("--from", metavar="PROFILE", help="Add to what this profile holds.")
    ] = None,
    chip: Annotated[str, typer.Option(metavar="NAME", help="Chip, where a file does not say.")] = "",
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Model, where a file does not say; or a config.json.")
    ] = "",
    engine: Annotated[str, typer.Option(metavar="NAME", help="vllm, sglang, trtllm, ...")] = "",
    engine_version: Annotated[str, typer.Option(metavar="X.Y", help="Version of the engine.")] = "",
    precision: Annotated[str, typer.Option(metavar="NAME", help="Of the weights: bf16, fp8, ...")] = "",
    kv_precision: Annotated[str, typer.Option(metavar="NAME", help="Of the KV cache.")] = "",
    tp: Annotated[str, typer.Option(metavar="N", help="Tensor parallel chips.")] = "",
    pp: Annotated[str, typer.Option(metavar="N", help="Pipeline stages.")] = "",
    dp: Annotated[str, typer.Option(metavar="N", help="Data parallel or attention replicas.")] = "",
    ep: Annotated[str, typer.Option(metavar="N", help="Expert parallel chips.")] = "",
    lengths: Annotated[
        str,
        typer.Option(
            metavar="drawn|exact",
            help="Lengths in a CSV: drawn from 80 to 100 % of what it says, as the shipped tables, or means.",
        ),
    ] = "drawn",
    case: Annotated[
        Path | None, typer.Option(metavar="CASE", help="A case whose own chips and models count.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="Device of PyTorch to measure: cuda, xpu, cpu.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Learn from your own runs, or measure your own accelerator; predictions then use it and say so."""
    from counterpoise.report.calibrate import calibrate_lines
    from counterpoise.service.calibrate import calibrate as learn
    from counterpoise.service.own_rows import Said

    answer = learn(
        runs=list(runs or ()),
        out=out,
        start=start,
        said=Said(chip, model, engine, engine_version, precision, kv_precision, tp, pp, dp, ep),
        lengths=lengths,
        case=case,
        device=device,
        overwrite=replace,
        say=progress,
    )
    if json:
        say_json(answer)
    else:
        say(calibrate_lines(answer, width()))


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(calibrate)
