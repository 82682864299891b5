"""Partitioning: which nodes share an engine, names of the parts, and that the parts compute what the whole
did.
"""

import pytest
import torch
from torch import nn
from torch_tensorrt import dynamo
from torch_tensorrt.dynamo import CompilationSettings
from torch_tensorrt.dynamo._compiler import lower
from torch_tensorrt.dynamo.partitioning import (
    construct_submodule_inputs,
    fast_partition,
    get_graph_converter_support,
    global_partition,
    partition,
)

from tests.py.dynamo.models import Sandwich, batch

SIN = "torch.ops.aten.sin.default"


def lowered(model, inputs, **settings):
    program = dynamo.trace(model.eval(), arg_inputs=inputs)
    return lower(program, CompilationSettings(**settings))


def names(module):
    return [n for n, _ in module.named_children()]


def test_all_in_one_engine():
    module, found = fast_partition(lowered(Sandwich(), [torch.randn(4)]), min_block_size=1)
    assert names(module) == ["_run_on_acc_0"]
    assert found.in_engines == found.operators and not found.left_out


@pytest.mark.parametrize("name", [SIN, "aten.sin.default", "torch.ops.aten.sin", torch.ops.aten.sin.default])
@pytest.mark.parametrize("split", [fast_partition, global_partition])
def test_executed_ops_stay_in_torch(name, split):
    x = torch.randn(4)
    module, found = split(lowered(Sandwich(), [x]), min_block_size=1, torch_executed_ops={name})
    assert len([n for n in names(module) if n.startswith("_run_on_acc")]) == 2
    assert [str(n.target) for n, _ in found.left_out] == ["aten.sin.default"]
    assert "torch_executed_ops" in found.left_out[0][1]
    torch.testing.assert_close(module(x), Sandwich()(x))


def test_parts_are_named_in_the_order_they_run():
    module, _ = fast_partition(
        lowered(Sandwich(), [torch.randn(4)]), min_block_size=1, torch_executed_ops={SIN}
    )
    assert names(module) == ["_run_on_acc_0", "_run_on_gpu_1", "_run_on_acc_2"]


@pytest.mark.parametrize("split", [fast_partition, global_partition])
def test_small_blocks_stay_in_torch(split):
    x = torch.randn(4)
    module, found = split(lowered(Sandwich(), [x]), min_block_size=4, torch_executed_ops={SIN})
    assert not [n for n in names(module) if n.startswith("_run_on_acc")]
    assert any("min_block_size=4" in reason for _, reason in found.left_out)
    torch.testing.assert_close(module(x), Sandwich()(x))


class Diamond(nn.Module):
    """Two branches, one through PyTorch, that meet again: a partition of both ends would wait for itself."""

    def forward(self, x):
        a = torch.relu(x)
        return torch.sin(a) + torch.relu(a * 2)


@pytest.mark.parametrize("split", [fast_partition, global_partition])
def test_no_part_waits_for_itself(split):
    x = torch.randn(4)
    module, _ = split(lowered(Diamond(), [x]), min_block_size=1, torch_executed_ops={SIN})
    torch.testing.assert_close(module(x), Diamond()(x))


class Lengths(nn.Module):
    """A length that is computed on one side of a cut and used on both."""

    def forward(self, x):
        n = x.shape[0] * 2
        y = torch.sin(torch.relu(x).reshape(n, -1))
        return torch.relu(y) + n


@pytest.mark.parametrize("split", [fast_partition, global_partition])
def test_lengths_cross_cuts(split):
    module, _ = split(lowered(Lengths(), [batch(1, 4, 8, 6)]), min_block_size=1, torch_executed_ops={SIN})
    for size in (2, 5):
        x = torch.randn(size, 6)
        torch.testing.assert_close(module(x), Lengths()(x))


def test_nested_results_and_keyword_inputs_survive():
    class Nested(nn.Module):
        def forward(self, x, *, scale):
            return {"y": torch.relu(x) * scale, "list": [x + 1, (torch.sin(x),)]}

    x, scale = torch.randn(3), torch.tensor(2.0)
    program = dynamo.trace(Nested().eval(), arg_inputs=[x], kwarg_inputs={"scale": scale})
    gm = lower(program, CompilationSettings())
    module, _ = fast_partition(gm, min_block_size=1, torch_executed_ops={SIN})
    torch.testing.assert_close(module(x, scale=scale), Nested()(x, scale=scale))


def test_mutated_buffer_stays_a_buffer():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(3))

        def forward(self, x):
            self.seen.add_(x)
            return torch.relu(x + self.seen)

    gm = lowered(Counter(), [torch.ones(3)])
    module, found = fast_partition(gm, min_block_size=1)
    eager, x = Counter(), torch.ones(3)
    for _ in range(3):
        torch.testing.assert_close(module(x), eager(x))
    assert any("writes to one of its arguments" in reason for _, reason in found.left_out)


def test_support_counts():
    good, everything = get_graph_converter_support(lowered(Sandwich(), [torch.randn(4)]), {SIN})
    assert (good, everything) == (everything - 1, 7)


def test_input_specs_carry_ranges():
    module, _ = fast_partition(lowered(Sandwich(), [batch(1, 4, 8, 6)]), min_block_size=1)
    (spec,) = construct_submodule_inputs(module._run_on_acc_0)
    assert spec.shape == {"min_shape": (1, 6), "opt_shape": (4, 6), "max_shape": (8, 6)}
    assert spec.name == "x"


def test_unsupported_types_fall_back_with_a_reason():
    found = partition(
        lowered(Sandwich(), [torch.randn(4, dtype=torch.float64)]), CompilationSettings(min_block_size=1)
    )
    assert not found.engines
    assert all("float64" in reason for _, reason in found.left_out)
