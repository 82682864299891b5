"""IPluginV2DynamicExt written in Python."""

from __future__ import annotations

import struct
from typing import Any

import tensorrt as trt
import torch

from tests.engine._case import sample
from tests.engine._plugins import REGISTRY, Runner, descs
from tests.engine._session import STRONG, Session, needs_weak_types

CALLS: list[str] = []


class Scale(trt.IPluginV2DynamicExt):
    """y = factor * x; the first axis of y may be repeated."""

    def __init__(self, factor: float = 1.0) -> None:
        trt.IPluginV2DynamicExt.__init__(self)
        self.factor = factor
        self.num_outputs = 1
        self.plugin_namespace, self.plugin_type, self.plugin_version = "python", "Scale2", "1"

    def get_output_datatype(self, index: int, types: Any) -> Any:
        return types[0]

    def get_output_dimensions(self, index: int, inputs: Any, builder: Any) -> trt.DimsExprs:
        made = trt.DimsExprs(len(inputs[0]))
        for i in range(len(inputs[0])):
            made[i] = inputs[0][i]
        made[0] = builder.operation(trt.DimensionOperation.PROD, inputs[0][0], builder.constant(2))
        return made

    def supports_format_combination(self, position: int, tensors: Any, inputs: int) -> bool:
        return tensors[position].type == trt.float32 and tensors[position].format == trt.TensorFormat.LINEAR

    def configure_plugin(self, inputs: Any, outputs: Any) -> None:
        CALLS.append("configure")

    def get_workspace_size(self, inputs: Any, outputs: Any) -> int:
        return 0

    def initialize(self) -> None:
        CALLS.append("initialize")

    def terminate(self) -> None:
        CALLS.append("terminate")

    def destroy(self) -> None:
        CALLS.append("destroy")

    def clone(self) -> Any:
        made = Scale(self.factor)
        made.__dict__.update(self.__dict__)
        return made

    def serialize(self) -> bytes:
        return struct.pack("f", self.factor)

    def enqueue(
        self, i_desc: Any, o_desc: Any, inputs: Any, outputs: Any, workspace: int, stream: int
    ) -> None:
        x, y = descs(i_desc, inputs)[0], descs(o_desc, outputs)[0]
        y.copy_(torch.cat([x, x]) * self.factor)


class Creator(trt.IPluginCreator):
    def __init__(self) -> None:
        trt.IPluginCreator.__init__(self)
        self.name, self.plugin_version, self.plugin_namespace = "Scale2", "1", "python"
        self.field_names = trt.PluginFieldCollection([])

    def create_plugin(self, name: str, fields: Any) -> Any:
        return Scale()

    def deserialize_plugin(self, name: str, data: bytes) -> Any:
        CALLS.append(f"deserialize {name}")
        return Scale(struct.unpack("f", data)[0])


CREATOR = Creator()
REGISTRY.register_creator(CREATOR, "python")


def network(dtype: Any = trt.float32, flags: int = STRONG) -> tuple[Session, Any]:
    session = Session(flags)
    layer = session.network.add_plugin_v2([session.input("x", (-1, 3), dtype)], Scale(3.0))
    layer.name = "scale"
    layer.get_output(0).name = "y"
    session.network.mark_output(layer.get_output(0))
    session.profile(x=((1, 3), (2, 3), (4, 3)))
    return session, layer


def test_dynamic_plugin_of_python() -> None:
    session, layer = network()
    assert layer.type == trt.LayerType.PLUGIN_V2
    assert layer.plugin.plugin_type == "Scale2"
    assert tuple(layer.get_output(0).shape) == (-1, 3)
    CALLS.clear()
    run = Runner(session.engine())
    assert "deserialize scale" in CALLS
    for rows in (2, 4, 2):
        x = sample((rows, 3))
        assert torch.equal(run(x=x)[0], torch.cat([x, x]) * 3)
    assert CALLS.count("initialize") == 2  # the builder's and the engine's
    assert CALLS.count("terminate") == 1


@needs_weak_types
def test_weakly_typed_networks_convert_around_it() -> None:
    session, _ = network(trt.float16, flags=0)
    x = sample((2, 3), torch.float16)
    torch.testing.assert_close(Runner(session.engine())(x=x)[0].half(), torch.cat([x, x]) * 3)


def test_strongly_typed_networks_do_not() -> None:
    session, _ = network(trt.float16)
    assert session.plan() is None
    assert "refused input 0" in session.logger.last_error()
