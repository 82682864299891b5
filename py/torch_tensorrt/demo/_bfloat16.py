"""Step 2: a bfloat16 convolution with explicit typing, and its variants with enabled_precisions."""

from __future__ import annotations

import copy
import logging
import warnings
from argparse import Namespace
from typing import Any

import torch

import torch_tensorrt
from torch_tensorrt.demo._report import Report, device

BF16, F32 = torch.bfloat16, torch.float32

# what is asked for, beside min_block_size=1
VARIANTS: dict[str, dict[str, Any]] = {
    "enabled_precisions={float32}, use_explicit_typing=True": {
        "enabled_precisions": {F32},
        "use_explicit_typing": True,
    },
    "no precision settings": {},
    "use_explicit_typing=False": {"use_explicit_typing": False},
    "enabled_precisions={bfloat16}": {"enabled_precisions": {BF16}},
    "enabled_precisions={float32, bfloat16}": {"enabled_precisions": {F32, BF16}},
}


def run(report: Report, arguments: Namespace) -> None:
    """One row per variant; all of them have to give the same bfloat16 engine."""
    torch.manual_seed(0)
    model = torch.nn.Conv2d(3, 3, 3).eval().to(BF16).to(device())
    x = torch.randn(1, 3, 224, 224).to(BF16).to(device())
    with torch.no_grad():
        eager = model(x)
        reference = copy.deepcopy(model).cpu().double()(x.cpu().double())
    rows = [_row(report, name, settings, model, x, eager, reference) for name, settings in VARIANTS.items()]
    header = ["settings", "engines", "kernel and bias", "output", "greatest error: ours / eager", "said"]
    report.table("Conv2d(3, 3, 3) in bfloat16, input 1x3x224x224", header, rows)


def _row(
    report: Report, name: str, settings: Any, model: Any, x: Any, eager: Any, reference: Any
) -> tuple[str, ...]:
    logs = _Messages()
    logging.getLogger("torch_tensorrt").addHandler(logs)
    try:
        with warnings.catch_warnings(record=True) as caught, torch.no_grad():
            warnings.simplefilter("always")
            compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], min_block_size=1, **settings)
            ours = compiled(x)
    finally:
        logging.getLogger("torch_tensorrt").removeHandler(logs)
    errors = [(t.double().cpu() - reference).abs().max().item() for t in (ours, eager)]
    engines = compiled.report.engines
    types = sorted({t.removeprefix("torch.") for e in engines for t in e.weight_types})
    said = [
        f"{w.category.__name__}"
        for w in caught
        if "torch_tensorrt" in str(w.filename) or "typing" in str(w.message)
    ]
    said += ["log: no effect" for m in logs.lines if "no effect" in m]
    good = ours.dtype == BF16 and types == ["bfloat16"] and len(engines) == 1
    good = good and errors[0] <= 2 * errors[1] + torch.finfo(BF16).eps * reference.abs().max().item()
    report.check(f"bfloat16 convolution, {name}", good)
    return (
        name,
        str(len(engines)),
        ", ".join(types),
        str(ours.dtype).removeprefix("torch."),
        f"{errors[0]:.1e} / {errors[1]:.1e}",
        ", ".join(dict.fromkeys(said)) or "nothing",
    )


class _Messages(logging.Handler):
    """Keeps what was logged at WARNING or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
