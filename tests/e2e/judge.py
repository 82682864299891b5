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
import torch_tensorrt
from torch_tensorrt.dynamo.runtime import TorchTensorRTModule

from tests.util.oracle import assert_as_good_as_eager, float64_reference

DEVICE = torch.device(torch_tensorrt.provider().device)
"""Where engines run, and so models and inputs that are compared with them."""


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
    """One output, as good as eager's own; inputs go where the model is."""
    place = next((p.device for p in model.parameters()), DEVICE)
    inputs = tuple(x.to(place) for x in inputs)
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


def compare(path, data):
    loaded = torch_tensorrt.load(path)
    run = loaded.module() if isinstance(loaded, torch.export.ExportedProgram) else loaded
    calls, expected = torch.load(data, weights_only=True)
    for inputs, wanted in zip(calls, expected, strict=True):
        found = run(*inputs)
        found = found if isinstance(found, (tuple, list)) else (found,)
        for f, w in zip(found, wanted, strict=True):
            assert f.dtype == w.dtype and f.device == w.device, (f.dtype, w.dtype)
            torch.testing.assert_close(f, w, rtol=0, atol=0)
    return f"equal {len(calls)} {type(loaded).__name__}"


for path in sys.argv[1:]:
    try:
        with torch.no_grad():
            said = compare(path, path + ".data")
    except Exception as error:
        said = repr(error)
    print(path, said.replace(chr(10), " "), sep=" says: ")
"""
"""Loads files and compares bit by bit with what the compiled modules gave before they were saved."""


def keep_outputs(path: Path, compiled: Any, calls: list[tuple[torch.Tensor, ...]]) -> None:
    """Writes beside a saved model what it gives for these calls."""
    expected = []
    with torch.no_grad():
        for inputs in calls:
            found = compiled(*inputs)
            expected.append(tuple(found) if isinstance(found, (tuple, list)) else (found,))
    torch.save((calls, expected), f"{path}.data")


def said_by_new_process(*paths: Path) -> dict[Path, str]:
    """What a process that knows nothing but the two packages says of saved models and their kept outputs."""
    said = dict(
        line.split(" says: ") for line in in_new_process(LOADER, *paths).splitlines() if " says: " in line
    )
    return {Path(path): word for path, word in said.items()}


def assert_same_in_new_process(path: Path, compiled: Any, calls: list[tuple[torch.Tensor, ...]]) -> str:
    """The file gives the same outputs in a new process."""
    keep_outputs(path, compiled, calls)
    said = said_by_new_process(path)[path]
    assert said.startswith(f"equal {len(calls)} "), said
    return said
