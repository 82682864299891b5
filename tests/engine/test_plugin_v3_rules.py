"""IPluginV3 written in Python: what is refused, and where.

Constraints of PluginV3 (plugin.cpp) are cited as c1 to c6, those of plan/plugins.cpp as plan c1 and c2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device, sample
from tests.engine._plugin_v3 import (
    Double,
    Filled,
    InPlace,
    Plugin,
    aliased_network,
    error_of,
    exprs,
    network,
    second_version,
)
from tests.engine._plugins import Runner, stream
from tests.engine._session import Session

SUB = trt.DimensionOperation.SUB
FLOOR_DIV = trt.DimensionOperation.FLOOR_DIV


def with_types(*types: Any) -> Plugin:
    class Typed(Double):
        def get_output_data_types(self, inputs: Any) -> Any:
            return list(types)

    return Typed()


def with_shapes(make: Callable[..., Any], outputs: int = 1, types: Sequence[Any] = (trt.float32,)) -> Plugin:
    class Shaped(Double):
        def __init__(self) -> None:
            super().__init__()
            self.num_outputs = outputs

        def get_output_data_types(self, inputs: Any) -> Any:
            return list(types)

        def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
            return make(inputs, builder)

    return Shaped()


@pytest.mark.parametrize("kind", [trt.bool, trt.uint8])
def test_c2_bool_and_uint8_outputs_are_refused(kind: Any) -> None:
    assert "bool and uint8 are not possible" in error_of(with_types(kind))


def test_c3_types_of_shape_inputs() -> None:
    session = Session()
    x, s = session.input("x0", (2, 3)), session.input("s0", (2,), trt.float32)
    assert session.network.add_plugin_v3([x], [s], Filled()) is None
    assert "shape input 0" in session.logger.last_error()


@pytest.mark.parametrize("shape", [(2, 2), (9,), (-1,)])
def test_c3_shapes_of_shape_inputs(shape: tuple[int, ...]) -> None:
    assert "shape input 0" in error_of(Filled(), values=[shape])


def test_c4_many_inputs_with_shape_inputs() -> None:
    assert "at most 32" in error_of(Filled(), [(1,)] * 32, values=[(2,)])


def test_many_inputs_without_shape_inputs() -> None:
    class SumAll(Double):
        def compute(self, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> None:
            outputs[0].copy_(torch.stack(list(inputs)).sum(0))

    session, _ = network(SumAll(), [(2,)] * 40)
    xs = {f"x{i}": sample((2,), seed=i) for i in range(40)}
    wanted = torch.stack(list(xs.values())).double().sum(0).float()
    torch.testing.assert_close(Runner(session.engine())(**xs)[0], wanted)


def test_c5_a_negative_length_is_refused() -> None:
    plugin = with_shapes(lambda i, b: [exprs(b.operation(SUB, i[0][0], b.constant(5)))])
    assert "negative length" in error_of(plugin)


def test_c5_a_negative_length_is_refused_at_run_time() -> None:
    plugin = with_shapes(lambda i, b: [exprs(b.operation(SUB, i[0][0], b.constant(2)))])
    session, _ = network(plugin, [(-1,)])
    session.profile(x0=((1,), (4,), (8,)))
    run = Runner(session.engine())
    assert run.context.set_input_shape("x0", (1,))
    x = sample((8,)).to(device())
    run.context.set_tensor_address("x0", x.data_ptr())
    run.context.set_tensor_address("y0", x.data_ptr())
    assert not run.context.execute_async_v3(stream())
    assert "negative length" in session.logger.errors()[-1]


def test_c5_a_division_by_zero_is_refused() -> None:
    plugin = with_shapes(lambda i, b: [exprs(b.operation(FLOOR_DIV, i[0][1], i[0][0]))])
    session, _ = network(plugin, [(-1, 3)])
    session.profile(x0=((0, 3), (0, 3), (2, 3)))
    assert session.plan() is None
    assert "divided by 0" in session.logger.errors()[-1]


def test_c5_foreign_expressions_are_refused() -> None:
    """Those of an earlier call."""
    kept: list[Any] = []

    def make(inputs: Any, builder: Any) -> Any:
        kept.append(builder.constant(3 + len(kept)))
        return [exprs(kept[0])]

    session, layer = network(with_shapes(make), [(3,)])
    assert tuple(layer.get_output(0).shape) == (3,)
    session.network.get_input(0).shape = (4,)  # what the plugin was told no longer holds
    assert session.plan() is None and len(kept) > 1
    assert "not made by the expression builder of this call" in session.logger.errors()[-1]


def test_c6_size_tensors_have_rank_0() -> None:
    def make(inputs: Any, b: Any) -> Any:
        return [exprs(b.declare_size_tensor(1, inputs[0][0], inputs[0][0])), exprs(b.constant(1))]

    assert "must have rank 0" in error_of(with_shapes(make, 2, [trt.float32, trt.int32]), [(4,)])


def test_c6_size_tensors_are_int32() -> None:
    def make(inputs: Any, b: Any) -> Any:
        return [exprs(b.declare_size_tensor(1, inputs[0][0], inputs[0][0])), exprs()]

    assert "must be int32" in error_of(with_shapes(make, 2, [trt.float32, trt.int64]), [(4,)])


def test_c6_size_tensors_are_outputs() -> None:
    def make(inputs: Any, b: Any) -> Any:
        return [exprs(b.declare_size_tensor(5, inputs[0][0], inputs[0][0])), exprs()]

    assert "size tensor 5" in error_of(with_shapes(make, 2, [trt.float32, trt.int32]), [(4,)])


def test_plan_c1_aliases_name_an_input_once() -> None:
    class Far(InPlace):
        def get_aliased_input(self, output: int) -> int:
            return 3

    kind = second_version(Far)
    session = aliased_network(kind)
    assert session.plan() is None
    assert "aliased to input 3" in session.logger.last_error()


def test_plan_c2_aliases_have_the_shape_of_their_input() -> None:
    class Longer(InPlace):
        def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
            return [exprs(builder.constant(9))]

    session = aliased_network(second_version(Longer))
    assert session.plan() is None
    assert "aliased to its input 0" in session.logger.last_error()


def test_a_refused_format_names_the_tensor() -> None:
    class Channels(Double):
        def supports_format_combination(self, position: int, tensors: Any, inputs: int) -> bool:
            return position == 0 and tensors[position].desc.format == trt.TensorFormat.LINEAR

    text = error_of(Channels())
    assert "refused output 0" in text


def test_plugins_of_two_networks_do_not_mix() -> None:
    session, other = Session(), Session()
    x = other.input("x", (2, 3))
    assert session.network.add_plugin_v3([x], [], Double()) is None
    assert "another network" in session.logger.last_error()
