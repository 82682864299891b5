"""IPluginV3 written in Python: shapes, shape inputs, size tensors, aliases, tactics, fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import tensorrt as trt
import torch

from tests.engine._case import TRT_OF, device, sample
from tests.engine._late import Allocator
from tests.engine._members import needs, should_have
from tests.engine._plugin_v3 import (
    CREATORS,
    Aliased,
    Double,
    Filled,
    Plugin,
    aliased_network,
    exprs,
    network,
    registered,
)
from tests.engine._plugins import Runner, descs, field, stream, tensor_at, wait
from tests.engine._session import Session

SUM, PROD, MAX, MIN, SUB, EQUAL, LESS, FLOOR_DIV, CEIL_DIV = (
    getattr(trt.DimensionOperation, name)
    for name in ("SUM", "PROD", "MAX", "MIN", "SUB", "EQUAL", "LESS", "FLOOR_DIV", "CEIL_DIV")
)


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.int64, torch.int8]
)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 3), (1,) * 8])
def test_types_and_ranks(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    session, _ = network(Double(), [shape], TRT_OF[dtype])
    x = sample(shape, dtype)
    y = Runner(session.engine())(x0=x)[0]
    assert torch.equal(y.to(dtype), x * 2)


def test_outputs_of_layers_and_inputs_of_layers() -> None:
    session = Session()
    x = session.input("x", (2, 3))
    registered(Double)
    before = session.network.add_unary(x, trt.UnaryOperation.NEG).get_output(0)
    doubled = session.network.add_plugin_v3([before], [], Double()).get_output(0)
    after = session.network.add_unary(doubled, trt.UnaryOperation.ABS).get_output(0)
    session.network.mark_output(after)
    x = sample((2, 3))
    assert torch.equal(Runner(session.engine())(x=x)[0], (x * 2).abs())


class Algebra(Plugin):
    """Its outputs' lengths are what each operation makes of the two lengths of input 0."""

    operations = [SUM, PROD, MAX, MIN, SUB, EQUAL, LESS, FLOOR_DIV, CEIL_DIV]

    def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
        a, b = inputs[0][0], inputs[0][1]
        known = builder.constant(7)
        assert known.is_constant() and known.get_constant_value() == 7
        assert not known.is_size_tensor()
        return [
            exprs(*(builder.operation(op, a, b) for op in self.operations[:5])),
            exprs(*(builder.operation(op, a, b) for op in self.operations[5:])),
        ]

    def __init__(self) -> None:
        super().__init__()
        self.num_outputs = 2

    def compute(self, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> None:
        for y in outputs:
            y.fill_(1)


def test_algebra_of_lengths() -> None:
    session, layer = network(Algebra(), [(-1, -1)])
    session.profile(x0=((2, 2), (7, 2), (9, 4)))
    assert tuple(layer.get_output(0).shape) == (-1,) * 5
    run = Runner(session.engine())
    found = [tuple(y.shape) for y in run(x0=sample((7, 2)))]
    assert found == [(9, 14, 7, 2, 5), (0, 0, 3, 4)]
    found = [tuple(y.shape) for y in run(x0=sample((4, 4)))]
    assert found == [(8, 16, 4, 4, 0), (1, 0, 1, 1)]


def test_known_lengths_are_constants() -> None:
    class Constants(Double):
        def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
            seen.append([inputs[0][i].is_constant() for i in range(2)])
            seen.append([inputs[0][i].get_constant_value() for i in range(2)])
            return super().get_output_shapes(inputs, shape_inputs, builder)

    seen: list[Any] = []
    session, layer = network(Constants(), [(-1, 3)])
    assert tuple(layer.get_output(0).shape) == (-1, 3)
    assert seen[:2] == [[False, True], [-(2**63), 3]]


def test_shape_inputs_by_value() -> None:
    session, layer = network(Filled(), [(2, 3)], values=[(2,)])
    profile = session.builder.create_optimization_profile()
    profile.set_shape_input("s0", (1, 1), (2, 4), (5, 5))
    session.config.add_optimization_profile(profile)
    assert tuple(layer.get_output(0).shape) == (-1, -1)
    engine = session.engine()
    assert engine.get_tensor_location("s0") == trt.TensorLocation.HOST
    run = Runner(engine)
    for wanted in ((2, 4), (5, 1), (2, 4)):
        y = run(x0=sample((2, 3)), s0=torch.tensor(wanted))[0]
        assert torch.equal(y, torch.full(wanted, float(sum(wanted))))


def test_constant_shape_inputs_are_known_at_definition() -> None:
    registered(Filled)
    session = Session()
    x = session.input("x0", (2, 3))
    wanted = torch.tensor([3, 2])
    given = session.network.add_constant((2,), trt.Weights(trt.int64, wanted.data_ptr(), 2)).get_output(0)
    layer = session.network.add_plugin_v3([x], [given], Filled())
    assert tuple(layer.get_output(0).shape) == (3, 2)
    session.network.mark_output(layer.get_output(0))
    assert torch.equal(Runner(session.engine())(x0=sample((2, 3)))[0], torch.full((3, 2), 5.0))


class Positive(Plugin):
    """The positive elements of input 0, and how many they are."""

    def __init__(self) -> None:
        super().__init__()
        self.num_outputs = 2

    def get_output_data_types(self, types: Any) -> Any:
        return [types[0], trt.int32]

    def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
        upper = inputs[0][0]
        opt = builder.operation(CEIL_DIV, upper, builder.constant(2))
        size = builder.declare_size_tensor(1, opt, upper)
        assert size.is_size_tensor()
        return [exprs(builder.constant(1), size), exprs()]

    def configure_plugin(self, inputs: Any, outputs: Any) -> None:
        Positive.told = [
            tuple(d) for d in (outputs[0].desc.dims, outputs[0].min, outputs[0].opt, outputs[0].max)
        ]

    def enqueue(
        self, i_desc: Any, o_desc: Any, inputs: Any, outputs: Any, workspace: int, queue: int
    ) -> None:
        assert tuple(o_desc[0].dims) == (1, -1)
        x = descs(i_desc, inputs)[0]
        kept = x[x > 0]
        tensor_at(outputs[0], (len(kept),)).copy_(kept)
        tensor_at(outputs[1], (1,), torch.int32).fill_(self.size(len(kept)))

    def size(self, count: int) -> int:
        return count


class Liar(Positive):
    def size(self, count: int) -> int:
        return count + 100


@pytest.mark.parametrize("allocates", [False, True])
def test_size_tensors_give_data_dependent_lengths(allocates: bool) -> None:
    session, layer = network(Positive(), [(-1,)])
    session.profile(x0=((1,), (5,), (8,)))
    assert tuple(layer.get_output(0).shape) == (1, -1)
    engine = session.engine()
    assert Positive.told == [(1, -1), (1, 0), (1, 3), (1, 8)]
    run = Runner(engine)
    allocator = Allocator()
    for seed in range(4):
        x = sample((6,), seed=seed)
        if allocates:
            run.context.set_output_allocator("y0", allocator)
        y, count = run(x0=x)
        assert run.context.get_max_output_size("y0") >= 6 * 4
        assert tuple(run.context.get_tensor_shape("y0")) == (1, -1)
        wanted = x[x > 0]
        assert count.item() == len(wanted)
        assert torch.equal(allocator.tensor(torch.float32)[0] if allocates else y[: len(wanted)], wanted)


def test_layers_behind_a_size_tensor() -> None:
    registered(Positive)
    session = Session()
    layer = session.network.add_plugin_v3([session.input("x0", (6,))], [], Positive())
    total = session.network.add_reduce(layer.get_output(0), trt.ReduceOperation.SUM, 2, False).get_output(0)
    session.network.mark_output(total)
    run = Runner(session.engine())
    for seed in range(3):
        x = sample((6,), seed=seed)
        torch.testing.assert_close(run(x0=x)[0], x[x > 0].sum()[None])


def test_a_size_above_its_bound_fails_the_run() -> None:
    session, _ = network(Liar(), [(6,)])
    assert not Runner(session.engine()).start(x0=sample((6,)))
    assert "size tensor" in session.logger.last_error()


def test_aliased_outputs_are_written_in_place() -> None:
    engine = aliased_network().engine()
    if should_have("ICudaEngine.get_aliased_input_tensor"):
        assert engine.get_aliased_input_tensor("y0") == "x0"
    run = Runner(engine)
    x = sample((2, 3))
    x0 = x.clone().to(device())
    context = run.context
    context.set_tensor_address("x0", x0.data_ptr())
    context.set_tensor_address("y0", x0.data_ptr())
    assert context.execute_async_v3(stream())
    wait()
    assert torch.equal(x0.cpu(), x + 1)


def test_aliased_outputs_need_the_address_of_their_input() -> None:
    session = aliased_network()
    assert not Runner(session.engine()).start(x0=sample((2, 3)))
    assert "one address" in session.logger.last_error()


def test_aliased_inner_tensors_leave_others_alone() -> None:
    registered(Aliased)
    session = Session()
    session.config.set_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03, True)
    x = session.input("x0", (2, 3))
    inner = session.network.add_identity(x).get_output(0)
    added = session.network.add_plugin_v3([inner], [], Aliased()).get_output(0)
    for tensor in (added, inner):
        session.network.mark_output(session.network.add_unary(tensor, trt.UnaryOperation.NEG).get_output(0))
    x = sample((2, 3))
    run = Runner(session.engine())
    for _ in range(2):
        found = run(x0=x)
        assert torch.equal(found[0], -(x + 1))
        assert torch.equal(found[1], -x)


@needs("ICudaEngine.get_aliased_input_tensor")
def test_without_the_preview_feature_nothing_is_aliased() -> None:
    session, _ = network(Aliased(), [(2, 3)])
    assert session.engine().get_aliased_input_tensor("y0") is None


class Tuned(Double):
    tactics = [4, 2]

    def compute(self, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> None:
        outputs[0].fill_(float(self.tactic or 0))


def test_the_first_tactic_is_kept_in_the_plan() -> None:
    session, _ = network(Tuned(), [(2, 3)])
    assert torch.equal(Runner(session.engine())(x0=sample((2, 3)))[0], torch.full((2, 3), 4.0))


class Fields(Double):
    def get_fields_to_serialize(self) -> trt.PluginFieldCollection:
        kinds = trt.PluginFieldType
        self.kept = [
            field("f32", np.array([1.5, -2], np.float32), kinds.FLOAT32),
            field("f64", np.array([2.5], np.float64), kinds.FLOAT64),
            field("i8", np.array([-3, 4, 5], np.int8), kinds.INT8),
            field("i16", np.array([-300], np.int16), kinds.INT16),
            field("i32", np.array([70000], np.int32), kinds.INT32),
            field("i64", np.array([2**40], np.int64), kinds.INT64),
            field("empty", np.array([], np.float32), kinds.FLOAT32),
        ]
        return trt.PluginFieldCollection(self.kept)


def test_fields_of_every_type_come_back() -> None:
    session, _ = network(Fields(), [(2, 3)])
    wanted = [(f.name, f.type, f.data) for f in Fields().get_fields_to_serialize()]
    assert session.engine() is not None
    found = CREATORS["Fields"].seen
    assert [f[:2] for f in found] == [f[:2] for f in wanted]
    for (_, _, data), (_, _, expected) in zip(found, wanted, strict=True):
        assert data is None or np.array_equal(data, expected)


def test_python_plugins_end_once() -> None:
    import gc

    session, _ = network(Double(), [(2, 3)])
    engine = session.engine()
    run = Runner(engine)
    run(x0=sample((2, 3)))
    gc.collect()  # of what other tests left behind
    Plugin.ended = 0
    del run
    gc.collect()
    assert Plugin.ended == 1
    del engine
    gc.collect()
    assert Plugin.ended == 2


def test_the_layer_has_its_plugin() -> None:
    _, layer = network(Double(), [(2, 3)])
    assert layer.type == trt.LayerType.PLUGIN_V3
    assert layer.plugin.plugin_name == "Double"


def test_an_exception_in_a_run_fails_it() -> None:
    class Raises(Plugin):
        pass

    session, _ = network(Raises(), [(2, 3)])
    assert not Runner(session.engine()).start(x0=sample((2, 3)))
    assert "enqueue" in session.logger.last_error()
