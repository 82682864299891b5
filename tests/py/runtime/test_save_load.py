"""save and load: compiled modules in a new process that imports torch_tensorrt and nothing else of ours."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
import torch_tensorrt
from torch_tensorrt._errors import InputError

from tests.py.runtime import engines
from tests.py.runtime.engines import ROWS, module, randn

DOUBLED = {"inputs": [{"shape": ["s0", 3]}], "outputs": [{"shape": [["*", 2, "s0"], 3]}]}


class Parts(torch.nn.Module):
    """As a compiled module: an engine and a PyTorch part with weights."""

    def __init__(self):
        super().__init__()
        self._run_on_acc_0 = module(
            engines.doubled_rows, ROWS, name="_run_on_acc_0", symbolic_shape_expressions=DOUBLED
        )
        self._run_on_gpu_1 = torch.nn.Linear(3, 2).to(engines.DEVICE)

    def forward(self, x):
        return self._run_on_gpu_1(self._run_on_acc_0(x))


class _WholeParts(torch.fx.Tracer):
    def is_leaf_module(self, m, name):
        return name.startswith("_run_on")


@pytest.fixture(scope="module")
def compiled():
    root = Parts().eval()
    graph = torch.fx.GraphModule(root, _WholeParts().trace(root))
    return graph


LOADER = """
import sys, torch, torch_tensorrt
loaded = torch_tensorrt.load(sys.argv[1])
run = loaded.module() if isinstance(loaded, torch.export.ExportedProgram) else loaded
inputs, expected = torch.load(sys.argv[2], weights_only=True)
with torch.no_grad():
    for x, y in zip(inputs, expected):
        torch.testing.assert_close(run(x), y)
print("same", type(loaded).__name__)
"""


def in_new_process(path, compiled, rows):
    inputs = [randn(n, 3) for n in rows]
    with torch.no_grad():
        torch.save((inputs, [compiled(x) for x in inputs]), f"{path}.data")
    command = [sys.executable, "-c", LOADER, str(path), f"{path}.data"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def loads_alike(path, compiled, rows):
    """As `in_new_process`, here: what was saved gives the same results."""
    loaded = torch_tensorrt.load(path)
    run = loaded.module() if isinstance(loaded, torch.export.ExportedProgram) else loaded
    with torch.no_grad():
        for n in rows:
            x = randn(n, 3)
            torch.testing.assert_close(run(x), compiled(x))
    return type(loaded).__name__


@pytest.mark.parametrize("options", [{"retrace": True}, {"retrace": False}, {"use_legacy_exporter": True}])
def test_exported_program(compiled, tmp_path, options):
    path = tmp_path / "model.pt2"
    torch_tensorrt.save(compiled, path, inputs=[randn(4, 3)], **options)
    assert loads_alike(path, compiled, [4]) == "ExportedProgram"


def test_dynamic_shapes_from_inputs(compiled, tmp_path):
    path = tmp_path / "model.ep"
    spec = torch_tensorrt.Input(min_shape=(1, 3), opt_shape=(4, 3), max_shape=(8, 3), dtype=torch.float32)
    torch_tensorrt.save(compiled, str(path), inputs=[spec])
    assert "same ExportedProgram" in in_new_process(path, compiled, [4, 2, 8])


def test_dynamic_shapes_given(compiled, tmp_path):
    path = tmp_path / "model.ep"
    shapes = ({0: torch.export.Dim("rows", min=2, max=8)},)
    torch_tensorrt.save(compiled, path, arg_inputs=[randn(4, 3)], dynamic_shapes=shapes)
    assert loads_alike(path, compiled, [2, 8]) == "ExportedProgram"


def test_an_exported_program_is_saved_as_it_is(compiled, tmp_path):
    path = tmp_path / "model.ep"
    program = torch_tensorrt.dynamo.export(compiled, arg_inputs=[randn(4, 3)])
    torch_tensorrt.save(program, path)
    assert loads_alike(path, compiled, [4]) == "ExportedProgram"


def test_torchscript(compiled, tmp_path):
    path = tmp_path / "model.ts"
    torch_tensorrt.save(compiled, path, output_format="torchscript", inputs=[randn(4, 3)])
    assert "ScriptModule" in in_new_process(path, compiled, [4, 7])


def test_a_script_module_is_saved_as_it_is(compiled, tmp_path):
    path = tmp_path / "model.ts"
    scripted = torch.jit.trace(compiled, (randn(4, 3),))
    kinds = [node.kind() for node in scripted._run_on_acc_0.graph.nodes()]
    assert "tensorrt::execute_engine" in kinds
    torch_tensorrt.save(scripted, path, output_format="torchscript")
    assert "ScriptModule" in loads_alike(path, compiled, [4])
    with pytest.raises(InputError, match="output_format='torchscript'"):
        torch_tensorrt.save(scripted, path)


@pytest.mark.parametrize("output_format", ["exported_program", "torchscript"])
def test_extra_files(compiled, tmp_path, output_format):
    path = tmp_path / "model"
    torch_tensorrt.save(
        compiled, path, inputs=[randn(4, 3)], output_format=output_format, extra_files={"note": "hello"}
    )
    found = {"note": ""}
    torch_tensorrt.load(path, extra_files=found)
    assert found["note"] in ("hello", b"hello")


def test_inputs_of_the_compilation_are_taken(compiled, tmp_path):
    program = torch.export.export(
        compiled, (randn(4, 3),), dynamic_shapes=({0: torch.export.Dim("n", max=8)},), strict=False
    )
    path = tmp_path / "model.ep"
    torch_tensorrt.save(program.module(), path)
    assert loads_alike(path, compiled, [4, 7]) == "ExportedProgram"


def test_unknown_inputs_are_asked_for(compiled, tmp_path):
    with pytest.raises(InputError, match=r"inputs=\[\.\.\.\]"):
        torch_tensorrt.save(compiled, tmp_path / "model.ep")


def test_plain_modules_are_refused(tmp_path):
    with pytest.raises(InputError, match="Compile it first"):
        torch_tensorrt.save(torch.nn.Linear(2, 2), tmp_path / "x", inputs=[torch.ones(2)])


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"output_format": "onnx"}, "output_format is one of"),
        ({"output_format": "executorch"}, "not written yet"),
        ({"file_path": ""}, "file_path"),
        ({"inputs": [1], "arg_inputs": [1]}, "two names"),
        ({"file_path": "/no/such/folder/x"}, "no folder"),
        ({"output_format": "aot_inductor", "file_path": "model.bin"}, "pt2"),
    ],
)
def test_wrong_arguments(compiled, tmp_path, changes, message):
    arguments = {"file_path": str(tmp_path / "x"), "inputs": [randn(4, 3)], **changes}
    with pytest.raises(InputError, match=message):
        torch_tensorrt.save(compiled, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_former_file(compiled, tmp_path, monkeypatch):
    path = tmp_path / "model.ep"
    path.write_bytes(b"former")

    def half(program, file, **_):
        with open(file, "wb") as out:
            out.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch.export, "save", half)
    with pytest.raises(OSError, match="disk full"):
        torch_tensorrt.save(compiled, path, inputs=[randn(4, 3)])
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_files_of_nobody_tell_both_reasons(tmp_path):
    path = tmp_path / "noise"
    path.write_bytes(b"neither of both")
    with pytest.raises(ValueError, match=r"as exported_program: (.|\n)*as torchscript: "):
        torch_tensorrt.load(path)
    with pytest.raises(InputError, match="format is one of"):
        torch_tensorrt.load(path, format="onnx")
    with pytest.raises(FileNotFoundError):
        torch_tensorrt.load(tmp_path / "nothing")


def test_cut_files_are_refused(compiled, tmp_path):
    path = tmp_path / "model.ep"
    torch_tensorrt.save(compiled, path, inputs=[randn(4, 3)])
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match="damaged"):
        torch_tensorrt.load(path)


@pytest.mark.slow
def test_aot_inductor_package(compiled, tmp_path):
    path = tmp_path / "model.pt2"
    torch_tensorrt.save(compiled, path, inputs=[randn(4, 3)], output_format="aot_inductor")
    x = randn(4, 3)
    with torch.no_grad():
        torch.testing.assert_close(torch._inductor.aoti_load_package(str(path))(x), compiled(x))
