"""Rows of the training table as runs: the model, the chip, the layout, and what was measured.

What a row does not print is filled in by the rules in `ASSUMED`, listed in docs/training.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from counterpoise.catalogue.records import Chip, Model
from counterpoise.errors import BadInput, UnknownName, Where
from counterpoise.performance.training_architecture import model_of_row
from counterpoise.performance.training_conventions import flops_per_token
from counterpoise.performance.training_layout import NONE, RECOMPUTE, Layout, layout
from counterpoise.performance.training_software import year_of_text

FOLDS = 5
ASSUMED = {
    "sequence length": "Where blank: 8,192 tokens, or the model's longest if that is shorter.",
    "gates": "A model built from its row has gated layers where they are less than 3.9 times as wide as it.",
    "data parallel": "Chips over TP, PP and CP, where the row's own figure is blank or does not multiply up.",
    "micro-batch": "Where blank: one sequence; in JAX frameworks the whole batch of a chip.",
    "global batch": "Where blank: micro-batch x accumulation x replicas; else eight a stage, or one.",
    "recompute": "Where blank: the least that fits in memory: none, selective, or full in some layers.",
    "interleaving": "Where blank: chunks of four layers in NeMo and Megatron-Core, none elsewhere.",
    "sharding": "ZeRO-1 where the framework does not say; ZeRO-3 over all chips in JAX frameworks.",
    "cores": "Trainium layouts count cores; two of them are one chip.",
    "date": "Where blank: the newest software of the shipped table.",
    "FLOP/s": "Where a row prints FLOP/s only and how it counts them: tokens per second by that count.",
    "network": "The chip's usual network, unless the note gives the node's adapters.",
}
USUAL_LENGTH = 8192
NEEDED = ("model", "chip", "n_chips", "precision", "framework", "seq_len")
FRAMEWORKS = (
    ("composer", "composer"),
    ("megatron-deepspeed", "megatron-deepspeed"),
    ("megatron-lm", "megatron"),
    ("nemo/megatron", "nemo"),
    ("deepspeed", "deepspeed"),
    ("maxtext", "maxtext"),
    ("pathways", "maxtext"),
    ("neuron", "neuron"),
    ("deepseek", "hai-llm"),
)
FORMATS = {
    "bf16": ("bf16", "bf16"),
    "fp16": ("bf16", "bf16"),
    "fp8": ("fp8", "fp8"),
    "fp8-cs": ("fp8", "fp8"),
    "current scaling; parentheses mxfp8/subchannel": ("fp8", "fp8"),
    "fp8? unverified": ("fp8", "fp8"),
    "fp8/bf16 mixed? unverified": ("fp8", "fp8"),
    "mxfp8": ("fp8", "mxfp8"),
    "fp8-mx": ("fp8", "mxfp8"),
    "nvfp4": ("fp4", "nvfp4"),
    "int8/fp8 quantized": ("int8", "int8"),
    "int8/bf16 mixed? unverified": ("int8", "int8"),
    "int8": ("int8", "int8"),
}
"""Precision column -> (precision of the multiply, number format)."""
METHODS = {
    "pretrain": "pretrain",
    "sft": "full",
    "finetune": "full",
    "full": "full",
    "lora": "lora",
    "": "pretrain",
}


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A row with its facts; `refusal` says why it is not predicted ("" where it is).

    `framework` is a group of frameworks, `version` the one printed; `number_format` is finer than
    `precision`.  `recompute_known` is False where the row is blank; measured figures are None there, and so
    is `software_year`.  `offloaded`: the optimiser runs on the host.
    """

    id: str
    model: Model | None
    chip: Chip | None
    framework: str
    version: str
    precision: str
    number_format: str
    method: str
    sequence_length: float
    layout: Layout | None
    scale_out_bytes_per_s: float | None
    recompute_known: bool
    quality: str
    measured_tokens_per_s_per_chip: float | None
    measured_step_s: float | None
    software_year: float | None = None
    offloaded: bool = False
    refusal: str = ""

    @property
    def condition(self) -> str:
        """Key of the condition: model, chip, framework group, precision and length, any parallelism of it."""
        names = (self.model.name if self.model else "", self.chip.name if self.chip else "")
        text = "|".join((*names, self.framework, self.precision, f"{self.sequence_length:g}"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def fold(self) -> int:
        """Fold 0..4 of the condition, the same on every machine."""
        return int(self.condition[:8], 16) % FOLDS


def training_runs(
    rows: Iterable[Mapping[str, str]],
    find_model: Callable[[str], Model],
    find_chip: Callable[[str], Chip],
    file: str | None = None,
) -> list[TrainingRun]:
    """Read rows of a training table.

    A model that the catalogue does not know is built from the row's own architecture columns.  Raises
    `BadInput` with the column where one is missing or a figure is not a number; what cannot be predicted is
    refused.
    """
    table = list(rows)
    if table:
        missing = [c for c in NEEDED if c not in table[0]]
        if missing:
            raise BadInput(
                f"the training table has no column {', '.join(missing)}.",
                where=Where(file, 1, missing[0]),
                hint=f"It needs {', '.join(NEEDED)} and tokens_per_s_per_chip or step_time_s.",
            )
    return [_run(row, find_model, find_chip, Where(file, line)) for line, row in enumerate(table, start=2)]


def _number(row: Mapping[str, str], column: str, where: Where) -> float | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise BadInput(
            f'"{text}" is not a number.',
            where=Where(where.file, where.line, column),
            hint="Write a number or nothing.",
        )
    return value


def framework_group(framework: str) -> str:
    """Group of a framework: what the fit treats as one."""
    name = framework.casefold()
    return next(
        (group for prefix, group in FRAMEWORKS if name.startswith(prefix)),
        "nemo" if "nvidia" in name or "nemo" in name or "ngc" in name else "generic",
    )


def _run(
    row: Mapping[str, str], find_model: Callable[[str], Model], find_chip: Callable[[str], Chip], where: Where
) -> TrainingRun:
    def number(column: str) -> float | None:
        return _number(row, column, where)

    framework = (row.get("framework") or "").strip()
    group = framework_group(framework)
    given = (row.get("precision") or "").strip().casefold()
    precision, number_format = FORMATS.get(given, ("", given))
    task = (row.get("task") or "").strip().casefold()
    refusal = ""
    chip: Chip | None = None
    model: Model | None = None
    try:
        chip = find_chip((row.get("chip") or "").strip())
    except UnknownName as error:
        refusal = f"chip not in the catalogue: {error.name}"
    model = model_of_row(row, find_model, number)
    if model is None:
        refusal = refusal or "model not in the catalogue, and its row has no architecture"
    length = number("seq_len")
    n_chips = number("n_chips")
    if model is not None and not length:
        length = float(min(model.max_position or USUAL_LENGTH, USUAL_LENGTH))
    if not n_chips or n_chips < 1:
        refusal = refusal or "the number of chips is not in the row"
    if not precision:
        refusal = refusal or f'precision "{given}" is not modelled'
    if task not in METHODS:
        refusal = refusal or f'task "{task}" is not modelled'
    if chip is not None and precision == "int8" and not chip.peak_flops_per_s("int8"):
        precision = "fp8"
    table = None
    known = (row.get("recompute") or "").strip().casefold() in RECOMPUTE
    if not refusal and model is not None and length and n_chips:
        table = _layout(row, number, group, framework, n_chips, length, model)
    note = row.get("note") or ""
    speed = number("tokens_per_s_per_chip")
    if speed is None and not refusal and model is not None and length:
        flops = number("tflops_per_chip")
        counted = flops_per_token(row.get("flops_convention") or "", model, length)
        speed = flops * 1e12 / counted if flops and counted else None
    offload = "offload" in framework.casefold() and "no offload" not in framework.casefold()
    return TrainingRun(
        id=row.get("row_id") or str(where.line),
        model=model,
        chip=chip,
        framework=group,
        version=framework,
        precision=precision,
        number_format=number_format,
        method=METHODS.get(task, ""),
        sequence_length=length or 0.0,
        layout=table,
        scale_out_bytes_per_s=_network(note),
        recompute_known=known,
        quality=(row.get("quality") or "A").strip(),
        measured_tokens_per_s_per_chip=speed,
        measured_step_s=number("step_time_s"),
        software_year=year_of_text(row.get("date") or ""),
        offloaded=offload,
        refusal=refusal,
    )


def _layout(
    row: Mapping[str, str],
    number: Callable[[str], float | None],
    group: str,
    framework: str,
    n_chips: float,
    length: float,
    model: Model,
) -> Layout:
    tp, pp, cp = (number(c) or 1.0 for c in ("tp", "pp", "cp"))
    if group == "neuron":
        tp = max(tp / 2, 1.0)
    dp = max(n_chips / (tp * pp * cp), 1.0)
    ep = min(number("ep") or 1.0, dp * cp * tp)
    jax = group == "maxtext"
    shard = number("fsdp_shard") or 0.0
    named = re.search(r"zero-(\d)", framework.casefold())
    stage = float(named.group(1)) if named else 1.0
    if jax or "full_shard" in framework.casefold() or shard > 1:
        stage = 3.0
    if "shard_grad_op" in framework.casefold():
        stage = 2.0
    batch = number("global_batch_seqs")
    printed = re.search(r"tokens per step = (\d+)", row.get("note") or "")
    if batch is None and printed:
        batch = float(printed.group(1)) / length
    micro = number("microbatch") or (max((batch or 1.0) / dp, 1.0) if jax else 1.0)
    if batch is None:
        accumulated = number("grad_accum")
        batch = micro * dp * (accumulated or (8.0 * pp if pp > 1 else 1.0))
    interleave = number("vp")
    if interleave is None:
        depth = sum(g.count for g in model.layers)
        interleave = max(round(depth / pp / 4), 1.0) if group == "nemo" and pp > 1 else 1.0
    recompute = RECOMPUTE.get((row.get("recompute") or "").strip().casefold(), NONE)
    return layout(
        n_chips,
        tp,
        pp,
        dp,
        ep,
        cp,
        interleave,
        micro,
        batch,
        stage,
        recompute,
        min(shard, dp * cp) if shard > 1 else 0.0,
    )


def _network(note: str) -> float | None:
    """Bytes per second and chip of a node's adapters where the note prints them, on nodes of 8."""
    found = re.search(r"(\d+)x \w+ (\d+)Gb NICs per node", note)
    if found is None:
        return None
    return float(found.group(1)) * float(found.group(2)) * 1e9 / 8 / 8
