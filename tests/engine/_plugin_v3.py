"""IPluginV3 written in Python: a base class, creators, networks of one plugin, plugins for many tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorrt as trt
import torch

from tests.engine._plugins import REGISTRY, descs
from tests.engine._session import STRONG, Session


def exprs(*lengths: Any) -> trt.DimsExprs:
    made = trt.DimsExprs(len(lengths))
    for i, length in enumerate(lengths):
        made[i] = length
    return made


class Plugin(trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuild, trt.IPluginV3OneRuntime):
    """One output like input 0, unless a subclass says otherwise. A subclass is the plugin of its name."""

    build: type = trt.IPluginV3OneBuild
    tactics: list[int] = []
    ended = 0

    def __init__(self) -> None:
        for base in (trt.IPluginV3, trt.IPluginV3OneCore, self.build, trt.IPluginV3OneRuntime):
            base.__init__(self)
        self.plugin_name, self.plugin_version, self.plugin_namespace = type(self).__name__, "1", "python"
        self.num_outputs = 1
        self.tactic: int | None = None

    def get_capability_interface(self, kind: Any) -> Any:
        return self

    def clone(self) -> Any:
        made = type(self)()
        made.__dict__.update(self.__dict__)
        return made

    def destroy(self) -> None:
        Plugin.ended += 1

    def get_output_data_types(self, types: Any) -> Any:
        return [types[0]] * self.num_outputs

    def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
        return [exprs(*(inputs[0][i] for i in range(len(inputs[0]))))] * self.num_outputs

    def supports_format_combination(self, position: int, tensors: Any, inputs: int) -> bool:
        return tensors[position].desc.format == trt.TensorFormat.LINEAR

    def configure_plugin(self, inputs: Any, outputs: Any) -> None: ...

    def get_workspace_size(self, inputs: Any, outputs: Any) -> int:
        return 0

    def get_valid_tactics(self) -> list[int]:
        return self.tactics

    def set_tactic(self, tactic: int) -> None:
        self.tactic = tactic

    def on_shape_change(self, inputs: Any, outputs: Any) -> None: ...

    def attach_to_context(self, context: Any) -> Any:
        return self.clone()

    def enqueue(
        self, i_desc: Any, o_desc: Any, inputs: Any, outputs: Any, workspace: int, queue: int
    ) -> None:
        self.compute(descs(i_desc, inputs), descs(o_desc, outputs))

    def compute(self, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> None:
        raise NotImplementedError

    def get_fields_to_serialize(self) -> trt.PluginFieldCollection:
        return trt.PluginFieldCollection([])


class Creator(trt.IPluginCreatorV3One):
    def __init__(self, kind: type) -> None:
        trt.IPluginCreatorV3One.__init__(self)
        self.kind = kind
        self.name, self.plugin_version, self.plugin_namespace = kind.__name__, "1", "python"
        self.field_names = trt.PluginFieldCollection([])
        self.seen: list[Any] = []

    def create_plugin(self, name: str, fields: Any, phase: Any) -> Any:
        self.seen = [(f.name, f.type, None if f.data is None else np.array(f.data)) for f in fields]
        return self.kind()


CREATORS: dict[str, Creator] = {}


def registered(kind: type) -> Creator:
    if kind.__name__ not in CREATORS:
        CREATORS[kind.__name__] = Creator(kind)
        assert REGISTRY.register_creator(CREATORS[kind.__name__], "python")
    return CREATORS[kind.__name__]


def network(
    plugin: Plugin,
    shapes: Sequence[tuple[int, ...]],
    dtype: Any = trt.float32,
    values: Sequence[tuple[int, ...]] = (),
    flags: int = STRONG,
) -> tuple[Session, Any]:
    """Inputs x0, x1, ..., shape inputs s0, ... of int64, outputs y0, ..."""
    registered(type(plugin))
    session = Session(flags)
    inputs = [session.input(f"x{i}", shape, dtype) for i, shape in enumerate(shapes)]
    given = [session.input(f"s{i}", shape, trt.int64) for i, shape in enumerate(values)]
    layer = session.network.add_plugin_v3(inputs, given, plugin)
    for i in range(0 if layer is None else layer.num_outputs):
        layer.get_output(i).name = f"y{i}"
        session.network.mark_output(layer.get_output(i))
    return session, layer


def error_of(plugin: Plugin, shapes: Sequence[tuple[int, ...]] = ((2, 3),), **options: Any) -> str:
    """Of the add function or of the build, which must fail."""
    session, layer = network(plugin, shapes, **options)
    assert layer is None or session.plan() is None
    return session.logger.errors()[-1]


class Double(Plugin):
    def compute(self, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> None:
        outputs[0].copy_(inputs[0] * 2)


class Filled(Plugin):
    """Ones, of the shape that the values of its shape input give."""

    def get_output_shapes(self, inputs: Any, shape_inputs: Any, builder: Any) -> Any:
        return [exprs(*(shape_inputs[0][i] for i in range(len(shape_inputs[0]))))]

    def compute(self, inputs: Sequence[torch.Tensor], outputs: Sequence[torch.Tensor]) -> None:
        outputs[0].fill_(1).mul_(inputs[1].sum().to(torch.float32))


class InPlace(Plugin):
    """Adds 1 to input 0 where it stands."""

    build = trt.IPluginV3OneBuildV2

    def get_aliased_input(self, output: int) -> int:
        return 0

    def enqueue(
        self, i_desc: Any, o_desc: Any, inputs: Any, outputs: Any, workspace: int, queue: int
    ) -> None:
        assert inputs[0] == outputs[0]
        descs(i_desc, inputs)[0].add_(1)


# Plugin has IPluginV3OneBuild as a base; the aliasing one has its second version instead.
def second_version(body: type) -> type:
    members = {
        k: v for c in reversed(body.__mro__) if c.__module__.startswith("tests.") for k, v in vars(c).items()
    }
    members = {k: v for k, v in members.items() if k not in ("__dict__", "__weakref__")}
    bases = (trt.IPluginV3, trt.IPluginV3OneCore, trt.IPluginV3OneBuildV2, trt.IPluginV3OneRuntime)
    made = type(body.__name__, bases, {})
    for name, value in members.items():
        setattr(made, name, value)

    def start(self: Any) -> None:
        for base in bases:
            base.__init__(self)
        self.plugin_name, self.plugin_version, self.plugin_namespace = body.__name__, "1", "python"
        self.num_outputs = 1
        self.tactic = None

    made.__init__ = start  # type: ignore[misc]
    return made


Aliased = second_version(InPlace)


def aliased_network(kind: type = Aliased) -> Session:
    session, _ = network(kind(), [(2, 3)])
    session.config.set_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03, True)
    return session
