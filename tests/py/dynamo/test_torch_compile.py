"""torch.compile with our backend: the three names, options, parameters as constants, dynamic shapes,
fallback.
"""

import logging

import pytest
import torch
from torch import nn
from torch_tensorrt._errors import TorchTensorRTError

from tests.py.dynamo.models import ConvRelu, Mlp

STRICT = {"min_block_size": 1, "pass_through_build_failures": True}


pytestmark = pytest.mark.usefixtures("fresh_dynamo")


def optimized(model, backend="torch_tensorrt", dynamic=False, **options):
    return torch.compile(model, backend=backend, dynamic=dynamic, options={**STRICT, **options})


@pytest.mark.parametrize("backend", ["torch_tensorrt", "tensorrt"])
@torch.no_grad()
def test_names(backend):
    model, x = ConvRelu().eval(), torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(optimized(model, backend)(x), model(x))


@torch.no_grad()
def test_parameters_are_in_the_engine(monkeypatch):
    from torch_tensorrt.dynamo.backend import backends

    reports = []
    original = backends.compile_module
    monkeypatch.setattr(
        backends, "compile_module", lambda *a: reports.append((m := original(*a)).report) or m
    )
    model, x = ConvRelu().eval(), torch.randn(1, 3, 8, 8)
    optimized(model)(x)
    (engine,) = reports[0].engines
    assert len(engine.inputs) == 1 and engine.weight_types["float32"] >= 4 * (81 + 3)


@torch.no_grad()
def test_batch_norm_buffers():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    nn.init.normal_(model[1].running_mean)
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(optimized(model)(x), model(x), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_dynamic_shapes_and_growth_beyond_the_first_limit():
    model = Mlp().eval()
    fast = optimized(model, dynamic=True)
    for size in (3, 5, 64, 300):
        x = torch.randn(size, 8)
        torch.testing.assert_close(fast(x), model(x))


@torch.no_grad()
def test_failure_runs_in_torch_and_says_so(caplog, monkeypatch):
    from torch_tensorrt.dynamo.backend import backends

    def fail(*args):
        raise TorchRuntimeProblem("no engine today")

    monkeypatch.setattr(backends, "compile_module", fail)
    model, x = Mlp().eval(), torch.randn(2, 8)
    with caplog.at_level(logging.WARNING):
        result = optimized(model, pass_through_build_failures=False)(x)
    torch.testing.assert_close(result, model(x))
    assert any("no engine today" in r.message for r in caplog.records)


class TorchRuntimeProblem(TorchTensorRTError, RuntimeError):
    """Stands for a build that fails."""


@torch.no_grad()
def test_failure_may_pass(monkeypatch):
    from torch_tensorrt.dynamo.backend import backends

    def fail(*args):
        raise TorchRuntimeProblem("no engine today")

    monkeypatch.setattr(backends, "compile_module", fail)
    with pytest.raises(Exception, match="no engine today"):
        optimized(Mlp().eval())(torch.randn(2, 8))


@torch.no_grad()
def test_full_compilation_is_ignored_with_a_word(caplog):
    model, x = Mlp().eval(), torch.randn(2, 8)
    with caplog.at_level(logging.WARNING):
        optimized(model, require_full_compilation=True)(x)
    assert any("require_full_compilation" in r.message for r in caplog.records)


@torch.no_grad()
def test_operators_without_converter_fall_back():
    class Cholesky(nn.Module):
        def forward(self, x):
            return torch.linalg.cholesky(torch.relu(x @ x.mT + 3)) * 2 + 1

    x = torch.eye(3) * 2
    torch.testing.assert_close(optimized(Cholesky())(x), Cholesky()(x))


@torch.no_grad()
def test_views_of_inputs_and_inputs_as_results():
    class Views(nn.Module):
        def forward(self, x):
            return x, x.t(), x * 2

    x = torch.randn(2, 3)
    for actual, expected in zip(optimized(Views())(x), Views()(x), strict=True):
        torch.testing.assert_close(actual, expected)
