"""The command `size`: its options, for serving and with --train for training, and which belong to which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from counterpoise.cli.values import (
    written_counts,
    written_date,
    written_days,
    written_price,
    written_quantity,
)
from counterpoise.errors import BadInput, Where

SERVING = (
    "input_tokens", "output_tokens", "ttft", "tpot", "percentile", "cached", "kv_precision", "engine",
    "engine_version", "concurrency", "rate", "draft", "acceptance", "max_chips", "disaggregated",
    "aggregated", "frontier", "choose", "why", "export", "image", "to", "chart",
)  # fmt: skip
"""Parameters that say something of serving only."""
TRAINING = ("tokens", "sequence", "batch", "chips", "lora", "recompute", "days")
"""Parameters that say something of training only."""
_INSTEAD = {
    "concurrency": "--batch",
    "input_tokens": "--sequence",
    "output_tokens": "--tokens",
    "max_chips": "--chips",
    "tokens": "--input and --output",
    "sequence": "--input and --output",
    "batch": "--concurrency",
    "chips": "--max-chips",
}
"""What may have been meant, by parameter of the other kind."""


def size(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A model of the catalogue, a config.json, or hub:OWNER/NAME."),
    ],
    chip: Annotated[
        list[str] | None, typer.Option(metavar="CHIP", help="Repeatable; all if not given.")
    ] = None,
    input_tokens: Annotated[str, typer.Option("--input", metavar="TOKENS", help="Prompt.")] = "1000",
    output_tokens: Annotated[str, typer.Option("--output", metavar="TOKENS", help="Answer.")] = "1000",
    ttft: Annotated[str, typer.Option(metavar="TIME", help="Time to first token, as 2s or 500ms.")] = "2s",
    tpot: Annotated[str, typer.Option(metavar="TIME", help="Time per output token, as 50ms.")] = "50ms",
    percentile: Annotated[float, typer.Option(metavar="P", help="At which both times must hold.")] = 90.0,
    cached: Annotated[str, typer.Option(metavar="SHARE", help="Input tokens from the prefix cache.")] = "0%",
    precision: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="bf16, fp8, int8, int4, fp4; repeatable.")
    ] = None,
    kv_precision: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of the KV cache: bf16, fp8; repeatable.")
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="vllm, sglang, trtllm, or generic: their mean.")
    ] = "generic",
    engine_version: Annotated[str, typer.Option(metavar="V", help="Version of the engine.")] = "",
    concurrency: Annotated[
        float | None, typer.Option(metavar="N", help="Constant users of one deployment; else the best.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="RATE", help="Requests to bear, as 20/s; says how many replicas.")
    ] = None,
    draft: Annotated[
        int | None, typer.Option(metavar="N", help="Tokens drafted a step (speculative decoding, MTP).")
    ] = None,
    acceptance: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Of drafted tokens that are kept.")
    ] = None,
    max_chips: Annotated[
        int | None, typer.Option(metavar="N", help="Most chips of a deployment; four systems if not given.")
    ] = None,
    price: Annotated[
        str | None, typer.Option(metavar="USD", help="Your price of a chip-hour, as 2.10.")
    ] = None,
    disaggregated: Annotated[
        bool, typer.Option("--disaggregated", help="Prefill and decode on workers of their own.")
    ] = False,
    aggregated: Annotated[
        bool, typer.Option("--aggregated", help="On the same workers (the default); both may be given.")
    ] = False,
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own measurements, as calibrate wrote them.")
    ] = None,
    frontier: Annotated[
        bool, typer.Option("--frontier", help="Speed per user against throughput per chip, too.")
    ] = False,
    choose: Annotated[
        int | None,
        typer.Option(metavar="N", help="Which of the list, for --why and --export.", min=1),
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Where its time goes, by operator.")] = False,
    export: Annotated[
        str | None, typer.Option(metavar="KIND", help="Launch it: vllm, sglang, trtllm or kubernetes.")
    ] = None,
    image: Annotated[str, typer.Option(metavar="NAME:TAG", help="Container of --export kubernetes.")] = "",
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the export to this new file, not to stdout.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw the frontier as a new SVG file.")
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="Size a training run: --tokens and those that say so.")
    ] = False,
    tokens: Annotated[
        str | None, typer.Option(metavar="TOKENS", help="With --train: of the whole run, as 15T.")
    ] = None,
    sequence: Annotated[
        str, typer.Option(metavar="TOKENS", help="With --train: length of a sequence.")
    ] = "4096",
    batch: Annotated[
        str | None, typer.Option(metavar="TOKENS", help="With --train: of a step, as 16M; else the usual.")
    ] = None,
    chips: Annotated[
        list[str] | None, typer.Option(metavar="N", help="With --train: how many to try; repeatable.")
    ] = None,
    lora: Annotated[bool, typer.Option("--lora", help="With --train: the weights stay frozen.")] = False,
    recompute: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With --train: none, selective, full; repeatable."),
    ] = None,
    days: Annotated[
        str | None, typer.Option(metavar="N", help="With --train: longest time, failures included.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the rows as a new CSV.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="How many to list.", min=1)] = 10,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Forget facts later than this date.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """List the best deployments of a model under latency targets, or with --train its best training runs."""
    _refuse_the_other_kind(context, train)
    common: dict[str, Any] = {
        "chips": list(chip or ()),
        "precisions": list(precision or ()),
        "limit": limit,
        "as_of": written_date(as_of),
    }
    if train:
        from counterpoise.cli.training_sizing import size_run

        if tokens is None:
            raise BadInput(
                "a training run is known by its tokens, and nobody said how many.",
                where=Where(field="--tokens"),
                hint="Write --tokens 15T, or --tokens 100M.",
            )
        run: dict[str, Any] = {
            "tokens": written_quantity(tokens, "tokens", "--tokens"),
            "sequence_length": written_quantity(sequence, "tokens", "--sequence"),
            "global_batch_tokens": None if batch is None else written_quantity(batch, "tokens", "--batch"),
            "chip_counts": written_counts(chips, "--chips", names="--chip"),
            "lora": lora,
            "recompute": tuple(recompute or ()),
            "days": written_days(days, "--days"),
            "usd_per_chip_hour": written_price(price, "--price"),
            "profile": profile,
        }
        size_run(model, common | run, csv=csv, as_json=json)
        return
    from counterpoise.cli.sizing import Wanted, arrivals, size_serving, speculative

    given: dict[str, Any] = {
        "kv_precisions": tuple(kv_precision or ()),
        "engine": engine,
        "version": engine_version,
        "concurrency": concurrency,
        "rate_per_s": arrivals(rate),
        "speculative": speculative(draft, acceptance),
        "max_chips": max_chips,
        "usd_per_chip_hour": written_price(price, "--price"),
        "aggregated": aggregated or not disaggregated,
        "disaggregated": disaggregated,
        "frontier": frontier or chart is not None,
        "profile": profile,
    }
    asked: dict[str, Any] = common | {
        "input_tokens": written_quantity(input_tokens, "tokens", "--input"),
        "output_tokens": written_quantity(output_tokens, "tokens", "--output"),
        "ttft_s": written_quantity(ttft, "time", "--ttft"),
        "tpot_s": written_quantity(tpot, "time", "--tpot", write="ms"),
        "percentile": percentile,
        "cached_share": written_quantity(cached, "share", "--cached"),
    }
    wanted = Wanted(choose, why, export, image, to, chart, csv, json)
    size_serving(model, asked, given, wanted)


def _refuse_the_other_kind(context: typer.Context, train: bool) -> None:
    """Refuse what was given and would not be heeded, by its name."""
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in (SERVING if train else TRAINING) or source is None or source.name != "COMMANDLINE":
            continue
        option = parameter.opts[0]
        other = _INSTEAD.get(name)
        meant = f"; {other} may be meant" if other else ""
        if train:
            raise BadInput(
                "this is of serving, and --train asks for training.",
                where=Where(field=option),
                hint=f"Leave one of the two out{meant}.",
            )
        raise BadInput(
            "this is of training.", where=Where(field=option), hint=f"Add --train, or leave it out{meant}."
        )


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(size)
