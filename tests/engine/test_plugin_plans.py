"""Plans that say something else of their plugins than what the plugins were built for:
refused before anything runs."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device, sample
from tests.engine._plan_bytes import container_of, sections_of
from tests.engine._plugin_v3 import (
    Double,
    Plugin,
    aliased_network,
    exprs,
    network,
    registered,
    second_version,
)
from tests.engine._plugins import Runner, stream
from tests.engine._session import Session

GRAPH = 2  # number of the section


def numbers_at(plan: bytes, field: str) -> tuple[int, int]:
    """Where the list of a field stands in the section of the graph:
    its first number, and how many there are."""
    graph = sections_of(plan)[GRAPH]
    start = graph.index(field.encode()) + len(field) + 1  # behind the name and the kind of the field
    return start + 8, struct.unpack_from("<Q", graph, start)[0]


def numbers(plan: bytes, field: str) -> list[int]:
    start, count = numbers_at(plan, field)
    return list(struct.unpack_from(f"<{count}q", sections_of(plan)[GRAPH], start))


def with_numbers(plan: bytes, field: str, values: Sequence[int]) -> bytes:
    """The plan with another list, behind right checksums."""
    sections = sections_of(plan)
    start, count = numbers_at(plan, field)
    graph = sections[GRAPH]
    made = struct.pack(f"<Q{len(values)}q", len(values), *values)
    sections[GRAPH] = graph[: start - 8] + made + graph[start + 8 * count :]
    return container_of(sections, plan)


def number_of(dtype: Any) -> int:
    """Of a type in plans: what a plugin of that type has there."""
    session, _ = network(Double(), [(2, 3)], dtype)
    return numbers(bytes(session.plan()), "plugin_types")[0]


def error_of(session: Session, plan: bytes) -> str:
    assert trt.Runtime(session.logger).deserialize_cuda_engine(plan) is None
    return session.logger.last_error()


OTHERS = [trt.int64, trt.int32, trt.int8]


@pytest.mark.parametrize("other", OTHERS, ids=str)
@pytest.mark.parametrize("place", [0, 1])
def test_plugins_take_the_types_of_the_network(place: int, other: Any) -> None:
    session, _ = network(Double(), [(2, 3)], trt.float16)
    plan = bytes(session.plan())
    types = numbers(plan, "plugin_types")
    assert with_numbers(plan, "plugin_types", types) == plan
    types[place] = number_of(other)
    assert "damaged" in error_of(session, with_numbers(plan, "plugin_types", types))


def test_a_real_type_for_another_is_converted() -> None:
    """What weakly typed networks let plugins choose."""
    session, _ = network(Double(), [(2, 3)], trt.float16)
    plan = bytes(session.plan())
    wide = with_numbers(plan, "plugin_types", [number_of(trt.float32)] * 2)
    x = sample((2, 3), torch.float16)
    y = Runner(trt.Runtime(session.logger).deserialize_cuda_engine(wide))(x0=x)[0]
    assert torch.equal(y, x * 2)


@pytest.mark.parametrize("field", ["graph_types", "plugin_types"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_there_is_a_type_for_every_tensor(field: str, count: int) -> None:
    session, _ = network(Double(), [(2, 3)])
    plan = bytes(session.plan())
    types = numbers(plan, field)
    error_of(session, with_numbers(plan, field, (types * 3)[:count]))


def test_c3_shape_inputs_are_whole_numbers() -> None:
    class Values(Plugin):
        def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
            return [exprs(shape_inputs[0][0])]

        def compute(self, inputs: Any, outputs: Any) -> None:
            outputs[0].fill_(1)

    registered(Values)
    session, _ = network(Values(), [(2,)], trt.int32, values=[(1,)])
    profile = session.builder.create_optimization_profile()
    profile.set_shape_input("s0", (1,), (2,), (4,))
    session.config.add_optimization_profile(profile)
    plan = bytes(session.plan())
    types = numbers(plan, "plugin_types")
    assert types[1] == number_of(trt.int64)
    narrow = [types[0], types[0], types[2]]  # int32, where the uploaded value is int64
    assert "damaged" in error_of(session, with_numbers(plan, "plugin_types", narrow))
    wide = [types[0], number_of(trt.float16), types[2]]
    assert "damaged" in error_of(session, with_numbers(plan, "plugin_types", wide))


def test_aliases_have_the_type_of_their_input() -> None:
    session = aliased_network()
    plan = bytes(session.plan())
    half = number_of(trt.float16)
    types = numbers(plan, "plugin_types")
    assert "damaged" in error_of(session, with_numbers(plan, "plugin_types", [half, types[1]]))


class Grown(Plugin):
    """As long as its input at the opt shape, and as long everywhere."""

    build = trt.IPluginV3OneBuildV2

    def get_aliased_input(self, output: int) -> int:
        return 0

    def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
        return [exprs(builder.constant(4))]


def test_plan_c2_aliases_have_the_shape_of_their_input_in_every_run() -> None:
    session, _ = network(second_version(Grown)(), [(-1,)])
    session.config.set_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03, True)
    session.profile(x0=((1,), (4,), (8,)))
    run = Runner(session.engine())
    memory = torch.zeros(8, device=device())
    run.context.set_input_shape("x0", (2,))
    run.context.set_tensor_address("x0", memory.data_ptr())
    run.context.set_tensor_address("y0", memory.data_ptr())
    assert not run.context.execute_async_v3(stream())
    assert "must be that of the input" in session.logger.last_error()
