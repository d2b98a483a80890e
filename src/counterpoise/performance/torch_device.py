"""An accelerator through PyTorch (extra `calibrate`): CUDA, ROCm, XPU, MPS or the processor.

A sample repeats an operator until it lasts `SAMPLE_S`, so that the wait for the device is spread over many
runs; operands are made once and stay on the device.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from counterpoise.errors import BadInput, Refused, Where
from counterpoise.performance.accelerator import HEAD_DIM, HEADS, KV_HEADS

SAMPLES, SAMPLE_S, LONGEST_S = 7, 0.01, 3.0
INSTALL = (
    "Install counterpoise[calibrate], or learn from runs instead: counterpoise calibrate --runs FILE.csv"
)


def torch_device(name: str | None = None) -> TorchDevice:
    """Return the device called `name` ("cuda", "cuda:1", "xpu", "cpu"), or the accelerator that is there.

    Raises `BadInput` where torch is not installed, there is no accelerator, or none of that name.
    """
    try:
        torch: Any = import_module("torch")  # by name: it need not be there when types are checked
    except ImportError:
        raise BadInput(
            "measuring an accelerator needs PyTorch, which is not installed.", hint=INSTALL
        ) from None
    if name is None:
        if not torch.accelerator.is_available():
            raise BadInput(
                "PyTorch sees no accelerator on this machine.",
                hint="Run it where the accelerator is, learn from runs (--runs FILE.csv), "
                "or try the code path with --device cpu.",
            )
        name = str(torch.accelerator.current_accelerator())
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        said = str(error).splitlines()[0]
        raise BadInput(
            f'PyTorch cannot use the device "{name}" ({said}).',
            where=Where(field="--device"),
            hint="Write cuda, cuda:1, xpu, mps or cpu.",
        ) from None
    return TorchDevice(torch, name)


class TorchDevice:
    """A device of torch; see `accelerator.Device`."""

    def __init__(self, torch: Any, name: str) -> None:  # noqa: ANN401 - a module that need not be installed
        self._torch, self._device = torch, torch.device(name)
        kind = self._device.type
        self.library = f"torch {torch.__version__}"
        self.driver = _driver(torch, kind)
        self.count: int = torch.cuda.device_count() if kind == "cuda" else 1
        self.name, self.memory_bytes = _identity(torch, self._device)
        fp8 = kind == "cuda" and torch.version.hip is None and torch.cuda.get_device_capability() >= (8, 9)
        self.precisions: tuple[str, ...] = ("bf16", "fp8") if fp8 else ("bf16",)

    def gemm(self, m: int, n: int, k: int, precision: str) -> Sequence[float]:
        """Product of (m, k) by (k, n)."""
        torch = self._torch
        a, b = self._random(m, k), self._random(n, k)
        if precision == "bf16":
            return self._timed(lambda: torch.mm(a, b.t()))
        rows = max(m, 16)  # the 8-bit product wants at least 16 rows
        eight = torch.float8_e4m3fn
        x, y = self._random(rows, k).to(eight), b.to(eight)
        one = torch.ones((), device=self._device)
        return self._timed(
            lambda: torch._scaled_mm(x, y.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
        )

    def grouped(self, experts: int, m: int, n: int, k: int) -> Sequence[float]:
        """`experts` products of (m, k) by (k, n), as one operator."""
        torch = self._torch
        product = getattr(torch.nn.functional, "grouped_mm", None)
        if product is None:
            raise Refused("this PyTorch has no grouped matrix product")
        a, b = self._random(experts * m, k), self._random(experts, n, k)
        ends = torch.arange(1, experts + 1, device=self._device, dtype=torch.int32) * m
        return self._timed(lambda: product(a, b.transpose(1, 2), offs=ends))

    def attention(self, batch: int, queries: int, keys: int) -> Sequence[float]:
        """Scaled dot-product attention over grouped heads; causal where queries = keys."""
        attend = self._torch.nn.functional.scaled_dot_product_attention
        q = self._random(batch, HEADS, queries, HEAD_DIM)
        k, v = (self._random(batch, KV_HEADS, keys, HEAD_DIM) for _ in range(2))
        causal = queries == keys
        return self._timed(lambda: attend(q, k, v, is_causal=causal, enable_gqa=True))

    def copy(self, size_bytes: int) -> Sequence[float]:
        """Copy inside the device's memory."""
        torch = self._torch
        source = torch.ones(size_bytes // 4, device=self._device)
        target = torch.empty_like(source)
        return self._timed(lambda: target.copy_(source))

    def all_reduce(self, size_bytes: int) -> Sequence[float]:
        """All-reduce over every CUDA device of the machine, from this one process."""
        torch = self._torch
        if self._device.type != "cuda" or not torch.cuda.nccl.is_available(
            [torch.ones(1, device=f"cuda:{i}") for i in range(self.count)]
        ):
            raise Refused("collectives are measured over CUDA devices only")
        parts = [torch.ones(size_bytes // 4, device=f"cuda:{i}") for i in range(self.count)]
        return self._timed(lambda: torch.cuda.nccl.all_reduce(parts))

    def _random(self, *shape: int) -> Any:  # noqa: ANN401 - a tensor
        return self._torch.randn(*shape, device=self._device).to(self._torch.bfloat16)

    def _timed(self, run: Callable[[], object]) -> list[float]:
        """Seconds of a run in each of `SAMPLES` samples, fewer where a run is long."""
        try:
            run()
            once = self._seconds(run, 1)
        except (RuntimeError, ValueError) as error:
            raise Refused(str(error).splitlines()[0]) from None
        repeats = max(1, min(1000, round(SAMPLE_S / max(once, 1e-7))))
        samples = max(1, min(SAMPLES, int(LONGEST_S / max(once * repeats, 1e-7))))
        return [self._seconds(run, repeats) for _ in range(samples)]

    def _seconds(self, run: Callable[[], object], repeats: int) -> float:
        self._wait()
        started = time.perf_counter()
        for _ in range(repeats):
            run()
        self._wait()
        return (time.perf_counter() - started) / repeats

    def _wait(self) -> None:
        if self._device.type == "cuda":
            for i in range(self.count):
                self._torch.cuda.synchronize(i)
        elif self._device.type != "cpu":
            self._torch.accelerator.synchronize()


def _identity(torch: Any, device: Any) -> tuple[str, float]:  # noqa: ANN401 - torch's own types
    """Name and memory of a device."""
    if device.type == "cuda":
        found = torch.cuda.get_device_properties(device)
        return str(found.name), float(found.total_memory)
    if device.type == "xpu":
        found = torch.xpu.get_device_properties(device)
        return str(found.name), float(found.total_memory)
    return f"{device.type}, {torch.get_num_threads()} threads" if device.type == "cpu" else device.type, 4e9


def _driver(torch: Any, kind: str) -> str:  # noqa: ANN401 - a module
    if kind != "cuda":
        return ""
    if torch.version.hip:
        return f"ROCm {torch.version.hip}"
    asked = getattr(torch._C, "_cuda_getDriverVersion", None)
    return f"CUDA {torch.version.cuda}" + (
        f", driver for {asked() // 1000}.{asked() % 1000 // 10}" if asked else ""
    )
