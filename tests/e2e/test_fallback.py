"""What stays in PyTorch: chosen operators, small blocks, missing converters; types and shapes at borders."""

from __future__ import annotations

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import Input
from torch_tensorrt._errors import UnsupportedOperatorError

from tests.e2e.judge import assert_as_eager, bindings, engine_modules

SIN = "torch.ops.aten.sin.default"
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)


class Sandwich(nn.Module):
    """Two linear maps with `sin` between them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.sin(torch.relu(self.first(x)))))


class Borders(nn.Module):
    """Tensors of several types cross from an engine to PyTorch and back: bool, int64 and floating."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(16, 8)

    def forward(self, ids: torch.Tensor, x: torch.Tensor):
        found = self.table(ids) * x
        chosen, place = found > 0, found.argmax(-1)
        back = torch.sin(found)
        return torch.where(chosen, back, -back), place * 2 + ids, chosen.logical_not()


class NoConverter(nn.Module):
    """svdvals has no converter."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(torch.linalg.svdvals(torch.relu(x) + 1) * 2)


pytestmark = pytest.mark.usefixtures("fresh_dynamo")


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


def compiled_with(model: nn.Module, inputs: list, **settings):
    settings.setdefault("min_block_size", 1)
    return torch_tensorrt.compile(model.eval(), ir="dynamo", inputs=inputs, **settings)


def torch_parts(compiled: torch.fx.GraphModule) -> list[str]:
    return [name for name, _ in compiled.named_children() if name.startswith("_run_on_gpu")]


@DTYPES
@pytest.mark.parametrize("name", [SIN, "aten.sin.default", torch.ops.aten.sin.default], ids=str)
def test_chosen_operators_stay_in_torch(dtype, name):
    model, x = Sandwich().to(dtype).eval(), torch.randn(4, 8).to(dtype)
    compiled = compiled_with(model, [x], torch_executed_ops={name})
    assert len(engine_modules(compiled)) == 2 and len(torch_parts(compiled)) == 1
    assert list(compiled.report.left_out) == ["aten.sin.default"]
    count, reason, where = compiled.report.left_out["aten.sin.default"]
    assert count == 1 and "torch_executed_ops" in reason and "test_fallback.py" in where
    assert_as_eager(compiled, model, x)


@pytest.mark.parametrize("fast", [True, False], ids=["adjacency", "global"])
def test_small_blocks_stay_in_torch(fast):
    model, x = Sandwich().eval(), torch.randn(4, 8)
    sizes = [e.operators for e in compiled_with(model, [x], torch_executed_ops={SIN}).report.engines]
    for least, expected in ((min(sizes), 2), (max(sizes) + 1, 0)):
        compiled = compiled_with(
            model, [x], torch_executed_ops={SIN}, min_block_size=least, use_fast_partitioner=fast
        )
        assert len(engine_modules(compiled)) == expected
        assert_as_eager(compiled, model, x)
    assert any(f"min_block_size={least}" in reason for _, reason, _ in compiled.report.left_out.values())


def test_nothing_in_engines_says_so(caplog):
    model, x = Sandwich().eval(), torch.randn(4, 8)
    compiled = compiled_with(model, [x], min_block_size=100)
    assert not engine_modules(compiled)
    assert any("No part of the model runs in an engine" in r.getMessage() for r in caplog.records)
    assert_as_eager(compiled, model, x)


@DTYPES
def test_types_at_the_borders(dtype):
    model = Borders().to(dtype).eval()
    ids, x = torch.randint(0, 16, (3, 5)), torch.randn(3, 5, 8).to(dtype)
    compiled = compiled_with(model, [ids, x], torch_executed_ops={SIN})
    crossing = {str(t) for m in engine_modules(compiled) for _, t in bindings(m.serialized_engine).values()}
    assert {"DataType.INT64", "DataType.BOOL"} <= crossing
    with torch.no_grad():
        ours, eager = compiled(ids, x), model(ids, x)
    for a, b in zip(ours, eager, strict=True):
        assert (a.dtype, a.shape, a.device) == (b.dtype, b.shape, b.device)
        torch.testing.assert_close(a, b)
    assert torch.equal(ours[1], eager[1]) and torch.equal(ours[2], eager[2])


def test_borders_of_dynamic_shapes():
    model = Borders().eval()
    ids = Input(
        min_shape=(1, 2), opt_shape=(3, 5), max_shape=(6, 9), dtype=torch.int64, tensor_domain=(0, 16)
    )
    x = Input(min_shape=(1, 2, 8), opt_shape=(3, 5, 8), max_shape=(6, 9, 8), dtype=torch.float32)
    compiled = compiled_with(model, [ids, x], torch_executed_ops={SIN})
    assert len(torch_parts(compiled)) == 1
    for batch, length in [(3, 5), (1, 2), (6, 9)]:
        inputs = torch.randint(0, 16, (batch, length)), torch.randn(batch, length, 8)
        with torch.no_grad():
            for a, b in zip(compiled(*inputs), model(*inputs), strict=True):
                torch.testing.assert_close(a, b)


def test_no_converter_falls_back_with_a_reason():
    model, x = NoConverter().eval(), torch.randn(4, 4)
    compiled = compiled_with(model, [x])
    assert engine_modules(compiled) and torch_parts(compiled)
    assert any("svd" in name for name in compiled.report.left_out)
    assert_as_eager(compiled, model, x)
    with pytest.raises(UnsupportedOperatorError, match="svd"):
        compiled_with(model, [x], require_full_compilation=True)


class Broken(nn.Module):
    """A print breaks the graph that torch.compile captures."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first(x))
        torch._dynamo.graph_break()
        return torch.relu(self.second(y))


def test_graph_breaks_of_torch_compile(monkeypatch):
    from torch_tensorrt.dynamo.backend import backends

    made, original = [], backends.compile_module
    monkeypatch.setattr(backends, "compile_module", lambda *a: made.append(original(*a)) or made[-1])
    model, x = Broken().eval(), torch.randn(3, 8)
    options = {"min_block_size": 1, "pass_through_build_failures": True}
    compiled = torch.compile(model, backend="torch_tensorrt", options=options)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), model(x))
        torch.testing.assert_close(compiled(x * 2), model(x * 2))
    assert [len(engine_modules(m)) for m in made] == [1, 1]


def test_dryrun_says_what_would_happen(capsys, tmp_path):
    model, x = Sandwich().eval(), torch.randn(4, 8)
    path = tmp_path / "report.txt"
    planned = compiled_with(model, [x], torch_executed_ops={SIN}, dryrun=str(path))
    text = capsys.readouterr().out
    assert path.read_text().strip() == text.strip()
    for part in (
        "no engine was built",
        "Engines: 2",
        "In PyTorch:",
        "aten.sin.default (1x)",
        "torch_executed_ops",
    ):
        assert part in text
    assert "test_fallback.py" in text and "float32[4, 8]" in text
    assert not engine_modules(planned)
    built = compiled_with(model, [x], torch_executed_ops={SIN})
    assert [e.operators for e in planned.report.engines] == [e.operators for e in built.report.engines]
    assert_as_eager(planned, model, x)
