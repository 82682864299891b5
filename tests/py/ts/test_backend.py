"""torch._C._jit_to_backend("tensorrt", ...): methods of a module as engines, by TorchScript's own door."""

from pathlib import Path

import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import ts

from tests.py.ts.harness import assert_same
from tests.py.ts.models import MLP


def spec_of(*shape: int, **settings: object) -> object:
    return ts.TensorRTCompileSpec(inputs=[torch_tensorrt.Input(shape, dtype=torch.float32)], **settings)


def lowered(model: nn.Module, spec: object) -> torch.jit.ScriptModule:
    return torch._C._jit_to_backend("tensorrt", torch.jit.script(model.eval()), {"forward": spec})


def test_lowered_module() -> None:
    x, model = torch.randn(2, 16), MLP().eval()
    assert_same(lowered(model, spec_of(2, 16)).forward(x), model(x).detach())


class Two(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x + 1, x > 0


def test_several_results() -> None:
    x = torch.randn(3)
    assert_same(lowered(Two(), spec_of(3)).forward(x), Two()(x))


def test_spec_prints_its_settings() -> None:
    text = str(spec_of(2, 3, refit=True, workspace_size=1024))
    assert "shape=[2, 3]" in text
    assert "flag;refit;1" in text
    assert "number;workspace_size;1024" in text


def test_lowered_module_is_saved(tmp_path: Path) -> None:
    x, model = torch.randn(2, 16), MLP().eval()
    module = lowered(model, spec_of(2, 16))
    torch.jit.save(module, str(tmp_path / "lowered.ts"))
    assert_same(torch.jit.load(str(tmp_path / "lowered.ts"))(x), model(x).detach())
