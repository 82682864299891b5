"""Step 3: TorchScript modules with int64 buffers and literals on the float path,
truncation permitted and not."""

from __future__ import annotations

import warnings
from argparse import Namespace
from typing import Any

import torch

import torch_tensorrt
from torch_tensorrt._errors import DtypeContractError
from torch_tensorrt.demo._report import Report, device


class ReorderedConv(torch.nn.Module):
    """A float model with an int64 index buffer in front of its convolution, and whole-number literals."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("order", torch.tensor([2, 1, 0]))
        self.conv = torch.nn.Conv2d(3, 8, 3)
        self.bn = torch.nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.index_select(1, self.order) * 2 - 1  # type: ignore[arg-type]
        return torch.relu(self.bn(self.conv(x)))


class DictModel(torch.nn.Module):
    """Answers a dict, as detectors do."""

    def __init__(self) -> None:
        super().__init__()
        self.body = ReorderedConv()

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.body(x)
        return {"features": features, "score": features.mean((1, 2, 3))}


class TupleWrapper(torch.nn.Module):
    """The usual way to trace such a model."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        answer = self.model(x)
        return answer["features"], answer["score"]


class DoubleTable(torch.nn.Module):
    """A float64 buffer meets a float32 input."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.tensor([0.5, 1.0, 2.0, 4.0], dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x * self.table).float()  # type: ignore[operator]


def run(report: Report, arguments: Namespace) -> None:
    """Each module, scripted or traced, with truncation permitted and not;
    as a raw engine and as a compiled module."""
    torch.manual_seed(0)
    x = torch.randn(2, 3, 16, 16, device=device())
    plain = _with_statistics(ReorderedConv()).eval().to(device())
    wrapped = TupleWrapper(_with_statistics(DictModel())).eval().to(device())
    modules = {
        "index buffer, BatchNorm: scripted": (torch.jit.script(plain), plain),
        "index buffer, BatchNorm: traced": (torch.jit.trace(plain, x), plain),
        "dict to tuple wrapper: traced": (torch.jit.trace(wrapped, x), wrapped),
    }
    rows: list[Any] = []
    findings: dict[Any, None] = {}
    for name, (scripted, eager) in modules.items():
        for truncate in (True, False):
            rows.append(_row(report, name, scripted, eager, x, truncate, findings))
    header = [
        "module",
        "truncate",
        "declared",
        "inferred",
        "engine outputs",
        "raw engine = eager",
        "ts.compile = eager",
        "narrowed",
    ]
    report.table("TorchScript with int64 buffers", header, rows)
    report.table(
        "What became of int64 values (the same for both settings)",
        ["value", "kind", "from", "to", "decision", "proof", "cause"],
        list(findings) or [("none",) * 7],
    )
    _double_table(report)


def _double_table(report: Report) -> None:
    """float64, which no engine has: narrowed where the user permits it,
    else an error that says what to do."""
    model = DoubleTable().eval().to(device())
    scripted, x, rows = torch.jit.script(model), torch.randn(2, 4, device=device()), []
    for truncate in (True, False):
        with warnings.catch_warnings(record=True) as caught, torch.no_grad():
            warnings.simplefilter("always")
            try:
                plan = _engine(scripted, x, truncate, torch.float32)
            except DtypeContractError as error:
                report.check("TorchScript, float64 table: error without permission only", not truncate)
                rows.append((str(truncate), type(error).__name__, str(error).splitlines()[0]))
                continue
            same = _equal([torch_tensorrt.ts.embed_engine_in_new_module(plan)(x)], [model(x)])
            report.check(
                "TorchScript, float64 table: permitted, said and right",
                truncate and same and len(caught) == 1,
            )
            facts = torch_tensorrt.ts.last_dtype_report().narrowed()
            rows += [
                (str(truncate), f"{r.value} {r.from_dtype} -> {r.to_dtype}", f"{r.proof} ({r.cause})")
                for r in facts
            ]
    report.table(
        "A float64 buffer in a float32 model", ["truncate", "outcome", "proof, cause or message"], rows
    )


def _engine(scripted: Any, x: torch.Tensor, truncate: bool, dtype: torch.dtype | None) -> bytes:
    """The raw engine; without a dtype the input's type is left to inference."""
    declared = {} if dtype is None else {"dtype": dtype}
    return torch_tensorrt.ts.convert_method_to_trt_engine(
        scripted,
        "forward",
        inputs=[torch_tensorrt.Input(tuple(x.shape), **declared)],
        truncate_long_and_double=truncate,
        device=torch_tensorrt.Device(str(device())),
    )


def _with_statistics(model: torch.nn.Module) -> torch.nn.Module:
    """Running statistics of a trained model: away from 0 and 1."""
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            mean, variance, count = part.running_mean, part.running_var, part.num_batches_tracked
            assert mean is not None and variance is not None and count is not None
            mean.normal_()
            variance.uniform_(0.5, 2)
            count.fill_(1000)
    return model


def _row(
    report: Report,
    name: str,
    scripted: Any,
    eager: Any,
    x: torch.Tensor,
    truncate: bool,
    findings: dict[Any, None],
) -> tuple[str, ...]:
    options: dict[str, Any] = {
        "inputs": [torch_tensorrt.Input(tuple(x.shape), dtype=torch.float32)],
        "truncate_long_and_double": truncate,
        "device": torch_tensorrt.Device(str(device())),
    }
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", DeprecationWarning)
        inferred, _ = _bindings(_engine(scripted, x, truncate, None))
        plan = _engine(scripted, x, truncate, torch.float32)
        facts = torch_tensorrt.ts.last_dtype_report()
        raw = torch_tensorrt.ts.embed_engine_in_new_module(plan)
        compiled = torch_tensorrt.ts.compile(scripted, require_full_compilation=True, **options)
        wanted = _listed(eager(x))
        same = [_equal(_listed(module(x)), wanted) for module in (raw, compiled)]
    for row in facts.rows:
        findings[(row.value, row.kind, row.from_dtype, row.to_dtype, row.decision, row.proof, row.cause)] = (
            None
        )
    inputs, outputs = _bindings(plan)
    checks = [
        report.check(f"TorchScript, {name}, truncate={truncate}: {what}", good)
        for what, good in zip(("raw engine", "ts.compile"), same, strict=True)
    ]
    report.check(
        f"TorchScript, {name}: input float32, declared and inferred", inputs == inferred == "x: float32"
    )
    report.check(
        f"TorchScript, {name}: num_batches_tracked is dead",
        not any("num_batches" in r.value for r in facts.rows),
    )
    return (name, str(truncate), inputs, inferred, outputs, *checks, str(len(facts.narrowed())))


def _listed(result: Any) -> list[torch.Tensor]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _equal(actual: list[torch.Tensor], wanted: list[torch.Tensor]) -> bool:
    try:
        torch.testing.assert_close(actual, wanted)
    except AssertionError:
        return False
    return True


def _bindings(plan: bytes) -> tuple[str, str]:
    """Names and types of a raw engine's inputs and outputs."""
    import tensorrt as trt

    runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))
    engine = runtime.deserialize_cuda_engine(plan)
    names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    sides: dict[bool, list[str]] = {True: [], False: []}
    for name in names:
        dtype = torch_tensorrt.dtype._from(engine.get_tensor_dtype(name)).to(torch.dtype)
        sides[engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT].append(
            f"{name}: {str(dtype).removeprefix('torch.')}"
        )
    return ", ".join(sides[True]), ", ".join(sides[False])
