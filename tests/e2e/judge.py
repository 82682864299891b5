"""How a compiled model is judged: engines, types of weights and bindings, outputs against float64."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import tensorrt as trt
import torch
from torch_tensorrt.dynamo.runtime import TorchTensorRTModule

from tests.util.oracle import assert_as_good_as_eager, float64_reference


def engine_modules(compiled: torch.nn.Module) -> list[TorchTensorRTModule]:
    """The modules that hold engines, in order."""
    return [m for m in compiled.modules() if isinstance(m, TorchTensorRTModule)]


def assert_one_engine(compiled: torch.fx.GraphModule) -> TorchTensorRTModule:
    """Everything runs in one engine, nothing in PyTorch."""
    modules = engine_modules(compiled)
    assert len(modules) == 1, f"{len(modules)} engines\n{compiled.report}"
    assert compiled.report.in_engines == compiled.report.operators, str(compiled.report)
    called = {n.op for n in compiled.graph.nodes} - {"placeholder", "call_module", "get_attr", "output"}
    assert not called or all(
        "getitem" in str(n.target) for n in compiled.graph.nodes if n.op == "call_function"
    )
    return modules[0]


def assert_floats(compiled: torch.fx.GraphModule, dtype: torch.dtype, beside: Collection[str] = ()) -> None:
    """No floating weight or constant of the engines has another type, but for those named."""
    found = {t for e in compiled.report.engines for t in e.weight_types if "float" in t}
    name = str(dtype).removeprefix("torch.")
    assert name in found and found <= {name, *beside}, str(compiled.report)


def deserialized(plan: bytes) -> trt.ICudaEngine:
    """The engine as any user of NVIDIA's bindings loads it."""
    engine = trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(plan)
    assert engine is not None
    return engine


def bindings(plan: bytes) -> dict[str, tuple[str, trt.DataType]]:
    """Name -> (input or output, type)."""
    engine = deserialized(plan)
    names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    kinds = {trt.TensorIOMode.INPUT: "input", trt.TensorIOMode.OUTPUT: "output"}
    return {n: (kinds[engine.get_tensor_mode(n)], engine.get_tensor_dtype(n)) for n in names}


def assert_as_eager(compiled: Any, model: torch.nn.Module, *inputs: torch.Tensor) -> None:
    """One output, as good as eager's own."""
    with torch.no_grad():
        assert_as_good_as_eager(compiled(*inputs), model(*inputs), float64_reference(model, inputs))


def in_new_process(script: str, *arguments: Path | str) -> str:
    """Runs a script that imports torch and torch_tensorrt only; returns what it printed."""
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


LOADER = """
import sys
import torch
import torch_tensorrt

loaded = torch_tensorrt.load(sys.argv[1])
run = loaded.module() if isinstance(loaded, torch.export.ExportedProgram) else loaded
calls, expected = torch.load(sys.argv[2], weights_only=True)
with torch.no_grad():
    for inputs, wanted in zip(calls, expected, strict=True):
        found = run(*inputs)
        found = found if isinstance(found, (tuple, list)) else (found,)
        for f, w in zip(found, wanted, strict=True):
            assert f.dtype == w.dtype and f.device == w.device, (f.dtype, w.dtype)
            torch.testing.assert_close(f, w, rtol=0, atol=0)
print("equal", len(calls), type(loaded).__name__)
"""
"""Loads a file and compares bit by bit with the outputs that the compiled module gave before it was saved."""


def assert_same_in_new_process(path: Path, compiled: Any, calls: list[tuple[torch.Tensor, ...]]) -> str:
    """The file gives the same outputs in a process that knows nothing but the two packages."""
    expected = []
    with torch.no_grad():
        for inputs in calls:
            found = compiled(*inputs)
            expected.append(tuple(found) if isinstance(found, (tuple, list)) else (found,))
    data = path.with_suffix(".data")
    torch.save((calls, expected), data)
    said = in_new_process(LOADER, path, data)
    assert f"equal {len(calls)}" in said, said
    return said
