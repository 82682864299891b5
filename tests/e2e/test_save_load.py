"""Compiled models in files of both formats, static and dynamic, loaded by a process of its own."""

from __future__ import annotations

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import Input
from torch_tensorrt._errors import InputError

from tests.e2e.judge import engine_modules, keep_outputs, said_by_new_process

FORMATS = pytest.mark.parametrize("output_format", ["exported_program", "torchscript"])
BF16 = torch.bfloat16


class Tagger(nn.Module):
    """int64 ids to scores, and the best of them: a floating and an int64 result."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        scores = self.head(torch.relu(self.words(ids)))
        return scores, scores.argmax(-1) + ids


class Blend(nn.Module):
    """Two inputs; `sin` may be left to PyTorch between two engines."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.second(torch.sin(torch.relu(self.first(x))) * y)


def ids(batch: int, length: int) -> tuple[torch.Tensor]:
    return (torch.randint(0, 20, (batch, length)),)


def pair(rows: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(rows, 8).to(dtype), torch.randn(rows, 8).to(dtype)


def rows(dtype: torch.dtype) -> Input:
    return Input(min_shape=(1, 8), opt_shape=(4, 8), max_shape=(9, 8), dtype=dtype)


def compiled_with(model: nn.Module, inputs: list, **settings) -> torch.fx.GraphModule:
    return torch_tensorrt.compile(model.eval(), ir="dynamo", inputs=inputs, min_block_size=1, **settings)


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


def tagger(dtype: torch.dtype):
    """int64 in and out, dynamic lengths."""
    sizes = {"min_shape": (1, 2), "opt_shape": (2, 6), "max_shape": (4, 12)}
    spec = Input(**sizes, dtype=torch.int64, tensor_domain=(0, 20))
    calls = [ids(2, 6), ids(1, 2), ids(4, 12), ids(3, 5)]
    return compiled_with(Tagger().to(dtype), [spec]), [spec], calls


def static(dtype: torch.dtype):
    inputs = pair(4, dtype)
    return compiled_with(Blend().to(dtype), list(inputs)), list(inputs), [inputs, pair(4, dtype)]


def two_engines(dtype: torch.dtype):
    """A part in PyTorch between two engines, dynamic length."""
    spec = rows(dtype)
    compiled = compiled_with(
        Blend().to(dtype), [spec, spec], torch_executed_ops={"torch.ops.aten.sin.default"}
    )
    assert len(engine_modules(compiled)) == 2
    return compiled, [spec, spec], [pair(n, dtype) for n in (4, 1, 9)]


def without_inputs(dtype: torch.dtype):
    """save is given no inputs: those of the compilation count."""
    compiled = compiled_with(Blend().to(dtype), [rows(dtype)] * 2)
    return compiled, None, [pair(n, dtype) for n in (4, 2, 9)]


CASES = {
    f"{make.__name__}-{str(dtype).removeprefix('torch.')}": (make, dtype)
    for make in (tagger, static, two_engines, without_inputs)
    for dtype in (torch.float32, BF16)
}


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict[str, str]:
    """Every case in both formats, saved here and loaded by one new process: file name -> what it says."""
    folder = tmp_path_factory.mktemp("saved")
    torch.manual_seed(0)
    for name, (make, dtype) in CASES.items():
        compiled, inputs, calls = make(dtype)
        for output_format in ("exported_program", "torchscript"):
            path = folder / f"{name}-{output_format}"
            torch_tensorrt.save(compiled, path, output_format=output_format, inputs=inputs)
            keep_outputs(path, compiled, calls)
            if name == "static-float32" and output_format == "exported_program":
                again = folder / "saved-again"
                torch_tensorrt.save(torch_tensorrt.load(path), again)
                keep_outputs(again, compiled, calls)
    paths = [p for p in folder.iterdir() if p.suffix != ".data"]
    return {path.name: word for path, word in said_by_new_process(*paths).items()}


@FORMATS
@pytest.mark.parametrize("name", CASES)
def test_same_outputs_in_a_new_process(said, name, output_format):
    kind = "ExportedProgram" if output_format == "exported_program" else "ScriptModule"
    assert said[f"{name}-{output_format}"].startswith("equal ")
    assert kind in said[f"{name}-{output_format}"]


def test_what_was_loaded_can_be_saved_again(said):
    assert said["saved-again"] == "equal 2 ExportedProgram"


@FORMATS
def test_a_failing_save_leaves_no_file(output_format, tmp_path, monkeypatch):
    inputs = list(pair(4, torch.float32))
    compiled = compiled_with(Blend(), inputs)

    def half(first, second, *_, **__):
        path = next(p for p in (first, second) if isinstance(p, str))
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError("no space left on device")

    owner = torch.export if output_format == "exported_program" else torch.jit
    monkeypatch.setattr(owner, "save", half)
    with pytest.raises(OSError, match="no space left"):
        torch_tensorrt.save(compiled, tmp_path / "blend.file", output_format=output_format, inputs=inputs)
    assert list(tmp_path.iterdir()) == []


@FORMATS
def test_wrong_inputs_leave_no_file(output_format, tmp_path):
    inputs = list(pair(4, torch.float32))
    compiled = compiled_with(Blend(), inputs)
    with pytest.raises(InputError, match="float32"):
        torch_tensorrt.save(
            compiled, tmp_path / "blend.file", output_format=output_format, inputs=[i.half() for i in inputs]
        )
    assert list(tmp_path.iterdir()) == []


@FORMATS
@pytest.mark.parametrize("damage", ["cut", "emptied", "altered"])
def test_a_damaged_file_is_refused(output_format, damage, tmp_path):
    inputs = list(pair(4, torch.float32))
    compiled = compiled_with(Blend(), inputs)
    path = tmp_path / "blend.file"
    torch_tensorrt.save(compiled, path, output_format=output_format, inputs=inputs)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    wrong = {
        "cut": whole[:middle],
        "emptied": b"",
        "altered": whole[:middle] + bytes(b ^ 0xFF for b in whole[middle:-4000]) + whole[-4000:],
    }[damage]
    path.write_bytes(bytes(wrong))
    with pytest.raises(InputError) as caught:
        torch_tensorrt.load(path)
    assert str(path) in str(caught.value) and "damaged" in str(caught.value)
    path.write_bytes(bytes(whole))
    torch_tensorrt.load(path)
