"""Formats of inputs and outputs in the caller's memory:
what the engine tells of them, and that it reads and writes them."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TRT_OF
from tests.engine._late import Allocator
from tests.engine._memory import empty, run_context
from tests.engine._session import STRONG, Session, needs_weak_types, on_device

F = trt.TensorFormat

# (format, scalars per element, whether vectors are the last axis, spatial axes)
ROWS = [
    (F.CHW2, 2, True, 2),
    (F.HWC8, 8, False, 2),
    (F.CHW4, 4, True, 2),
    (F.CHW16, 16, True, 2),
    (F.CHW32, 32, True, 2),
    (F.DHWC8, 8, False, 3),
    (F.CDHW32, 32, True, 3),
    (F.HWC, 1, False, 2),
    (F.HWC16, 16, False, 2),
    (F.DHWC, 1, False, 3),
]
IDS = [row[0].name for row in ROWS]


def pack(x: torch.Tensor, vector: int, major: bool, spatial: int) -> torch.Tensor:
    """The memory of `x` in a format, padding filled with zeros."""
    c = x.dim() - spatial - 1
    whole = -(-x.shape[c] // vector) * vector
    padded = torch.zeros(*x.shape[:c], whole, *x.shape[c + 1 :], dtype=x.dtype)
    padded.narrow(c, 0, x.shape[c]).copy_(x)
    if not major:
        return padded.movedim(c, -1).contiguous()
    return padded.unflatten(c, (whole // vector, vector)).movedim(c + 1, -1).contiguous()


def negate(
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
    x_format: F | None = None,
    y_format: F | None = None,
    flags: int = STRONG,
) -> Session:
    """x -> negative -> y; None: any format."""
    session = Session(flags)
    x = session.input("x", shape, TRT_OF[dtype])
    y = session.network.add_unary(x, trt.UnaryOperation.NEG).get_output(0)
    y.name = "y"
    session.network.mark_output(y)
    for tensor, kind in ((x, x_format), (y, y_format)):
        if kind is not None:
            tensor.allowed_formats = 1 << int(kind)
    return session


def logical(spatial: int, channels: int) -> tuple[int, ...]:
    return (2, channels, 3, 4, 5)[: spatial + 2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int32], ids=str)
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_memory_of_each_format_is_read_and_written(row: tuple, dtype: torch.dtype) -> None:
    kind, vector, major, spatial = row
    for channels in (vector, 2 * vector + 1, 3):
        shape = logical(spatial, channels)
        x = torch.randint(-9, 9, shape).to(dtype)
        memory = pack(x, vector, major, spatial)
        engine = negate(shape, dtype, kind, kind).engine()
        context = engine.create_execution_context()
        out = empty(memory.shape, dtype)
        assert context.set_tensor_address("x", (here := on_device(memory)).data_ptr())
        assert run_context(context, {"x": here.view(-1)[: x.numel()].view(shape)}, {"y": out})
        assert torch.equal(out.cpu(), pack(-x, vector, major, spatial))


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_an_engine_tells_of_its_formats(row: tuple) -> None:
    kind, vector, major, spatial = row
    shape = logical(spatial, 20)
    engine = negate(shape, torch.float16, kind, None).engine()
    assert engine.get_tensor_format("x") == kind == engine.get_tensor_format("x", 0)
    assert engine.get_tensor_format("y") == F.LINEAR
    assert tuple(engine.get_tensor_shape("x")) == shape
    assert engine.get_tensor_bytes_per_component("x") == 2
    assert engine.get_tensor_components_per_element("x") == vector
    assert engine.get_tensor_components_per_element("y") == 1
    assert engine.get_tensor_vectorized_dim("x") == (1 if vector > 1 else -1)
    text = engine.get_tensor_format_desc("x")
    assert f"(k{kind.name})" in text and "FP16" in text
    # Strides count elements of `vector` scalars: those of the packed memory without its vector axis.
    packed = pack(torch.zeros(shape), vector, major, spatial)
    elements = packed[..., 0] if major else packed[..., ::vector].movedim(-1, 1)
    strides = [s // vector if vector > 1 else s for s in elements.stride()]
    context = engine.create_execution_context()
    told = list(context.get_tensor_strides("x"))
    expected = [s for s in strides]
    if not major:
        expected = [-(-s // vector) if axis != 1 else 1 for axis, s in enumerate(elements.stride())]
    assert told == expected


def test_formats_survive_serialization_and_dynamic_shapes() -> None:
    session = negate((-1, 3, -1, 4), x_format=F.HWC, y_format=F.CHW32)
    session.profile(x=((1, 3, 1, 4), (2, 3, 2, 4), (4, 3, 8, 4)))
    engine = session.engine()
    assert engine.get_tensor_format("x") == F.HWC and engine.get_tensor_format("y") == F.CHW32
    context = engine.create_execution_context()
    # what the bindings make of no dimensions: lengths are not known yet
    with pytest.raises((ValueError, RuntimeError)):
        len(context.get_tensor_strides("x"))
    for n, h in ((1, 8), (4, 2)):
        x = torch.randn(n, 3, h, 4)
        assert context.set_input_shape("x", tuple(x.shape))
        packed = pack(-x, 32, True, 2)
        assert context.get_max_output_size("y") == packed.numel() * 4
        out = empty(packed.shape)
        memory = on_device(pack(x, 1, False, 2))
        assert run_context(context, {"x": memory.view(n, 3, h, 4)}, {"y": out})
        assert torch.equal(out.cpu(), packed)


def test_a_mask_with_linear_is_linear() -> None:
    session = negate((2, 3, 4, 5))
    session.network.get_input(0).allowed_formats = 1 << int(F.HWC8) | 1 << int(F.LINEAR)
    assert session.engine().get_tensor_format("x") == F.LINEAR


def test_a_mask_of_several_formats_takes_one_that_is_built() -> None:
    session = negate((2, 3, 4, 5))
    session.network.get_input(0).allowed_formats = 1 << int(F.DLA_LINEAR) | 1 << int(F.HWC)
    assert session.engine().get_tensor_format("x") == F.HWC


def test_reformatting_layers_are_part_of_the_engine() -> None:
    engine = negate((2, 3, 4, 5), x_format=F.HWC).engine()
    told = engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.ONELINE)
    assert engine.num_layers == 2 and "Reformatting layer for input x" in told


@needs_weak_types
def test_weakly_typed_networks_have_formats() -> None:
    x = torch.randn(2, 3, 4, 5)
    context = (
        negate((2, 3, 4, 5), x_format=F.HWC, y_format=F.HWC, flags=0).engine().create_execution_context()
    )
    memory, out = on_device(pack(x, 1, False, 2)), empty((2, 4, 5, 3))
    assert run_context(context, {"x": memory.view(2, 3, 4, 5)}, {"y": out})
    assert torch.equal(out.cpu(), pack(-x, 1, False, 2))


def test_an_output_that_layers_use_too() -> None:
    session = negate((2, 3, 4, 5), y_format=F.HWC)
    y = session.network.get_output(0)
    z = session.network.add_activation(y, trt.ActivationType.RELU).get_output(0)
    z.name = "z"
    session.network.mark_output(z)
    x = torch.randn(2, 3, 4, 5)
    y_memory, z_memory = empty((2, 4, 5, 3)), empty((2, 3, 4, 5))
    context = session.engine().create_execution_context()
    assert run_context(context, {"x": on_device(x)}, {"y": y_memory, "z": z_memory})
    assert torch.equal(y_memory.cpu().movedim(-1, 1), -x) and torch.equal(z_memory.cpu(), (-x).relu())


def test_empty_tensors_have_formats() -> None:
    session = negate((-1, 3, 4, 5), x_format=F.CHW4, y_format=F.CHW4)
    session.profile(x=((0, 3, 4, 5), (1, 3, 4, 5), (2, 3, 4, 5)))
    context = session.engine().create_execution_context()
    spare = empty((1,))
    assert context.set_input_shape("x", (0, 3, 4, 5))
    assert context.set_tensor_address("x", spare.data_ptr()) and context.set_tensor_address(
        "y", spare.data_ptr()
    )
    assert context.execute_async_v3(0)


@pytest.mark.parametrize("allocates", [False, True])
@pytest.mark.parametrize(("kind", "vector"), [(F.HWC, 1), (F.CHW32, 32)], ids=["HWC", "CHW32"])
def test_outputs_whose_length_depends_on_data_have_formats(kind: F, vector: int, allocates: bool) -> None:
    """The images that are marked."""
    session = Session()
    network, x, marks = (
        session.network,
        session.input("x", (5, 3, 2, 2)),
        session.input("marks", (5,), trt.bool),
    )
    places = network.add_shuffle(network.add_non_zero(marks).get_output(0))
    places.reshape_dims = (-1,)
    y = network.add_gather(x, places.get_output(0), 0).get_output(0)
    y.name, y.allowed_formats = "y", 1 << int(kind)
    network.mark_output(y)
    context = session.engine().create_execution_context()
    assert context.get_max_output_size("y") == 5 * (3 if vector == 1 else vector) * 4 * 4
    images = torch.randn(5, 3, 2, 2)
    for chosen in ([1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]):
        flags = torch.tensor(chosen, dtype=torch.bool)
        wanted = pack(images[flags], vector, kind == F.CHW32, 2).flatten()
        allocator, memory = Allocator(), empty((5 * vector * 3 * 4,))
        if allocates:
            assert context.set_output_allocator("y", allocator)
        assert run_context(context, {"x": on_device(images), "marks": on_device(flags)}, {"y": memory})
        if allocates:
            assert allocator.shape == (sum(chosen), 3, 2, 2)
            memory = allocator.memory[: wanted.numel() * 4].view(torch.float32)
        assert torch.equal(memory[: wanted.numel()].cpu(), wanted)


# ---- refused. Reformat c2: whole bytes (int4 has no network inputs here), c3: built, c4: rank; formats c1:
# shape tensors


@pytest.mark.parametrize("kind", [F.DLA_LINEAR, F.DLA_HWC4], ids=lambda k: k.name)  # Reformat c3
def test_formats_of_dlas_are_refused(kind: F) -> None:
    session = negate((2, 3, 4, 5), x_format=kind)
    assert session.plan() is None
    assert "DLA" in (error := session.logger.last_error()) and '"x"' in error


@pytest.mark.parametrize(("kind", "shape"), [(F.HWC, (3, 4)), (F.DHWC8, (3, 4, 5))], ids=str)  # Reformat c4
def test_a_format_needs_its_channel_axis(kind: F, shape: tuple[int, ...]) -> None:
    session = negate(shape, y_format=kind)
    assert session.plan() is None
    assert "rank" in (error := session.logger.last_error()) and '"y"' in error


def test_shape_tensors_are_row_major() -> None:  # formats c1
    session = Session()
    x, size = session.input("x", (2, 3)), session.input("size", (2,), trt.int64)
    layer = session.network.add_shuffle(x)
    layer.set_input(1, size)
    session.network.mark_output(layer.get_output(0))
    size.allowed_formats = 1 << int(F.HWC)
    profile = session.builder.create_optimization_profile()
    profile.set_shape_input("size", (1, 1), (2, 3), (6, 6))
    session.config.add_optimization_profile(profile)
    assert session.plan() is None
    assert '"size"' in session.logger.last_error()


def test_a_mask_names_formats_that_exist() -> None:
    session = negate((2, 3, 4, 5))
    session.network.get_input(0).allowed_formats = 0
    assert "format mask" in session.logger.last_error()
