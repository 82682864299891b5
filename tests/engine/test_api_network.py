"""Network objects through NVIDIA's bindings: tensors, layers, names, outputs, errors."""

import numpy as np
import pytest
import tensorrt as trt
import torch

from tests.engine._members import needs
from tests.engine._session import MAJOR, STRONG, Recorder, Session, relu_network


def test_flags_of_a_network() -> None:
    session = Session()
    assert session.network.get_flag(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    assert session.network.flags == STRONG
    always = MAJOR > 10  # strongly typed
    assert Session(flags=0).network.get_flag(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED) == always
    assert session.network.builder is not None


def test_unknown_flag_is_refused() -> None:
    session = Session()
    assert session.builder.create_network(1 << 20) is None
    assert "NetworkDefinitionCreationFlag" in session.logger.last_error()


def test_inputs_keep_name_type_shape_and_order() -> None:
    session = Session()
    x = session.input("x", (2, -1), trt.bfloat16)
    session.input("ids", (4,), trt.int64)
    assert (x.name, x.dtype, tuple(x.shape)) == ("x", trt.bfloat16, (2, -1))
    assert x.is_network_input and not x.is_network_output
    assert [session.network.get_input(i).name for i in range(session.network.num_inputs)] == ["x", "ids"]
    assert session.network.get_input(2) is None


@pytest.mark.parametrize(
    ("name", "shape", "says"),
    [
        ("x", (2,), "exists already"),
        ("z", (-2,), "negative"),
        ("z", (1,) * 9, "rank"),
        ("n" * 5000, (1,), "4096"),
    ],
)
def test_bad_inputs_are_refused(name: str, shape: tuple[int, ...], says: str) -> None:
    session = Session()
    session.input("x", (2,))
    try:
        made = session.input(name, shape)
    except (ValueError, TypeError):  # the bindings refuse rank 9 themselves
        return
    assert made is None
    assert "addInput" in (error := session.logger.last_error()) and says in error
    assert session.network.num_inputs == 1


def test_layers_are_listed_in_order_with_type_and_names() -> None:
    session = relu_network()
    softmax = session.network.add_softmax(session.network.get_layer(0).get_output(0))
    assert session.network.num_layers == 2
    assert session.network.get_layer(0).type == trt.LayerType.ACTIVATION
    assert session.network.get_layer(1).type == trt.LayerType.SOFTMAX
    assert session.network.get_layer(1).name.startswith("(Unnamed Layer* 1)")
    softmax.name = "probabilities"
    assert session.network.get_layer(1).name == "probabilities"
    assert softmax.get_output(0).name.startswith("probabilities")
    assert session.network.get_layer(2) is None


def test_layer_inputs_outputs_and_metadata() -> None:
    session = relu_network()
    layer = session.network.get_layer(0)
    assert (layer.num_inputs, layer.num_outputs) == (1, 1)
    assert layer.get_input(0).name == "x" and layer.get_output(0).name == "y"
    assert layer.get_input(1) is None and layer.get_output(1) is None
    assert layer.metadata == ""
    layer.metadata = "[torch.nn.ReLU]"
    assert layer.metadata == "[torch.nn.ReLU]"
    assert layer.get_output_type(0) == trt.float32


def test_set_input_replaces_and_refuses_too_many() -> None:
    session = relu_network()
    other = session.input("other", (5,))
    layer = session.network.get_layer(0)
    layer.set_input(0, other)
    assert layer.get_input(0).name == "other"
    assert tuple(layer.get_output(0).shape) == (5,)
    layer.set_input(1, other)
    assert "has no input 1" in session.logger.last_error()
    assert layer.num_inputs == 1


def test_a_refused_layer_tells_the_shapes_of_its_inputs() -> None:
    session, ones = Session(), np.ones((2, 3), np.float32)
    constant = session.network.add_constant((2, 3), trt.Weights(ones)).get_output(0)
    assert session.network.add_gather(session.input("x", (4,)), constant, 0) is None
    assert '_output": float32 [2, 3]' in session.logger.last_error()
    assert session.network.num_layers == 1 and tuple(constant.shape) == (2, 3)


def test_outputs_are_listed_marked_once_and_unmarked() -> None:
    session = relu_network()
    y = session.network.get_layer(0).get_output(0)
    session.network.mark_output(y)
    assert session.network.num_outputs == 1 and y.is_network_output
    assert session.network.get_output(0).name == "y"
    session.network.unmark_output(y)
    assert session.network.num_outputs == 0 and not y.is_network_output


def test_a_network_input_cannot_be_an_output() -> None:
    session = relu_network()
    session.network.mark_output(session.network.get_input(0))
    assert "Identity" in session.logger.last_error()
    assert session.network.num_outputs == 1


def test_output_for_shapes() -> None:
    session = Session()
    shape = session.network.add_shape(session.input("x", (-1, 3)))
    assert session.network.mark_output_for_shapes(shape.get_output(0))
    assert session.network.num_outputs == 1
    assert shape.get_output(0).is_shape_tensor
    assert not session.network.mark_output_for_shapes(shape.get_output(0))
    assert session.network.unmark_output_for_shapes(shape.get_output(0))
    assert session.network.num_outputs == 0


def test_shape_tensors_are_found() -> None:
    session = Session()
    x = session.input("x", (-1, 3))
    dims = session.input("dims", (2,), trt.int64)
    shuffle = session.network.add_shuffle(x)
    shuffle.set_input(1, dims)
    session.network.mark_output(shuffle.get_output(0))
    assert dims.is_shape_tensor and not dims.is_execution_tensor
    assert x.is_execution_tensor and not x.is_shape_tensor
    assert dims.location == trt.TensorLocation.HOST and x.location == trt.TensorLocation.DEVICE


def test_dimension_names_belong_to_inputs() -> None:
    session = relu_network((-1, 3))
    x = session.network.get_input(0)
    assert x.get_dimension_name(0) in (None, "")
    x.set_dimension_name(0, "batch")
    assert x.get_dimension_name(0) == "batch"
    x.set_dimension_name(2, "none")
    assert "has no dimension 2" in session.logger.last_error()
    session.network.get_layer(0).get_output(0).set_dimension_name(0, "batch")
    assert "not a network input" in session.logger.last_error()


def test_types_that_do_not_match_name_layer_tensors_types_and_leave_the_network_alone() -> None:
    session = Session()
    x, h = session.input("image", (2, 3)), session.input("weight", (2, 3), trt.bfloat16)
    assert session.network.add_elementwise(x, h, trt.ElementWiseOperation.SUM) is None
    error = session.logger.last_error()
    for word in ("addElementWise", "Error Code 4", "ElementWise", "image", "weight", "float32", "bfloat16"):
        assert word in error
    assert session.network.num_layers == 0


@pytest.mark.parametrize("axes", [0, 0b100, 0b11])
def test_bad_masks_are_refused_at_once(axes: int) -> None:
    session = Session()
    softmax = session.network.add_softmax(session.input("x", (2, 3)))
    before = softmax.axes
    softmax.axes = axes
    assert "Error Code 3" in session.logger.last_error()
    assert softmax.axes == before


def test_argument_errors_are_null_and_code_3() -> None:
    session = Session()
    recorder = Recorder()
    session.network.error_recorder = recorder
    x = session.input("x", (2, 3))
    assert session.network.add_reduce(x, trt.ReduceOperation.SUM, 0b1000, True) is None
    assert session.network.add_topk(x, trt.TopKOperation.MAX, 0, 1) is None
    assert session.network.add_convolution_nd(x, 4, (3,), trt.Weights(), trt.Weights()) is None
    assert len(recorder.found) == 3
    assert all(text.startswith("kINVALID_ARGUMENT - ") for _, text in recorder.found)
    assert session.network.num_layers == 0


def test_tensor_of_another_network_is_refused() -> None:
    session, other = Session(), Session()
    foreign = other.input("foreign", (2,))
    assert session.network.add_identity(foreign) is None
    assert "foreign" in (error := session.logger.last_error()) and "another network" in error


def test_setters_keep_the_old_value_after_an_error() -> None:
    session = Session()
    conv = session.network.add_convolution_nd(
        session.input("x", (1, 2, 8, 8)), 4, (3, 3), np.zeros((4, 2, 3, 3), np.float32), trt.Weights()
    )
    conv.stride_nd = (2, 2)
    conv.stride_nd = (0, 1)
    assert "stride" in session.logger.last_error()
    assert tuple(conv.stride_nd) == (2, 2)
    conv.num_groups = -1
    assert "groups" in session.logger.last_error()
    assert conv.num_groups == 1


def test_weights_are_named_by_pointer_type_and_count() -> None:
    session = Session()
    values = np.arange(6, dtype=np.float32)
    weights = trt.Weights(trt.float32, values.ctypes.data, 6)
    assert not session.network.set_weights_name(weights, "unused")
    assert "no layer uses" in session.logger.last_error()
    session.network.add_constant((2, 3), weights)
    assert session.network.set_weights_name(weights, "table")
    assert not session.network.set_weights_name(trt.Weights(trt.float32, values.ctypes.data, 5), "part")
    other = np.zeros(6, dtype=np.float32)
    session.network.add_constant((6,), trt.Weights(trt.float32, other.ctypes.data, 6))
    session.logger.lines.clear()
    assert not session.network.set_weights_name(trt.Weights(trt.float32, other.ctypes.data, 6), "table")
    assert "belongs to other weights" in session.logger.last_error()
    assert session.network.mark_weights_refittable("table")
    assert session.network.are_weights_marked_refittable("table")
    assert session.network.unmark_weights_refittable("table")
    assert not session.network.are_weights_marked_refittable("table")
    for mark in (session.network.mark_weights_refittable, session.network.unmark_weights_refittable):
        session.logger.lines.clear()
        assert not mark("chair")
        assert 'no weights "chair"' in session.logger.last_error()


def test_memory_that_is_used_in_two_ways_has_no_name() -> None:
    session = Session()
    values = np.arange(8, dtype=np.float32)
    half = trt.Weights(trt.float32, values.ctypes.data, 4)
    session.network.add_constant((4,), half)
    session.network.add_constant((8,), trt.Weights(trt.float32, values.ctypes.data, 8))
    assert not session.network.set_weights_name(half, "half")
    assert "uses the same memory for 8 elements" in session.logger.last_error()


def test_an_input_that_nothing_uses_can_be_removed() -> None:
    session = relu_network()
    spare = session.input("spare", (2,))
    session.network.remove_tensor(spare)
    assert session.network.num_inputs == 1 and not spare.is_network_input
    assert not session.logger.lines
    assert session.input("spare", (-1,)) is not None  # the name is free again
    for attached in (session.network.get_input(0), session.network.get_output(0)):
        session.network.remove_tensor(attached)
        assert "input or output of a layer" in session.logger.warnings()[-1]
    assert session.network.num_inputs == 2 and session.network.num_outputs == 1
    session.profile(spare=((1,), (2,), (3,)))
    engine = session.engine()
    assert [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)] == ["x", "spare", "y"]


def test_fields_of_layers_come_back() -> None:
    session = Session()
    x = session.input("x", (2, 3, 8, 8))
    pool = session.network.add_pooling_nd(x, trt.PoolingType.AVERAGE, (2, 2))
    assert tuple(pool.stride_nd) == (1, 1) and pool.average_count_excludes_padding
    pool.padding_nd = (1, 0)
    assert tuple(pool.pre_padding) == (1, 0) and tuple(pool.post_padding) == (1, 0)
    pool.padding_mode = trt.PaddingMode.SAME_UPPER
    assert pool.padding_mode == trt.PaddingMode.SAME_UPPER
    shuffle = session.network.add_shuffle(x)
    assert tuple(shuffle.first_transpose)[:4] == (0, 1, 2, 3)
    shuffle.first_transpose = trt.Permutation([0, 2, 3, 1])
    assert tuple(shuffle.get_output(0).shape) == (2, 8, 8, 3)
    shuffle.reshape_dims = (2, -1)
    assert tuple(shuffle.reshape_dims) == (2, -1) and tuple(shuffle.get_output(0).shape) == (2, 192)
    resize = session.network.add_resize(x)
    assert resize.resize_mode == trt.InterpolationMode.NEAREST
    resize.scales = [1, 1, 2, 2]
    assert list(resize.scales) == [1, 1, 2, 2] and tuple(resize.get_output(0).shape) == (2, 3, 16, 16)
    cast = session.network.add_cast(x, trt.float16)
    assert cast.to_type == trt.float16 and cast.get_output(0).dtype == trt.float16
    topk = session.network.add_topk(x, trt.TopKOperation.MIN, 2, 1 << 3)
    assert (topk.k, topk.op, topk.axes) == (2, trt.TopKOperation.MIN, 8)
    assert session.logger.errors() == []


def test_constant_keeps_the_memory_it_was_given() -> None:
    session = Session()
    values = torch.arange(4, dtype=torch.bfloat16)
    layer = session.network.add_constant((2, 2), trt.Weights(trt.bfloat16, values.data_ptr(), 4))
    assert tuple(layer.shape) == (2, 2)
    assert layer.get_output(0).dtype == trt.bfloat16
    layer.shape = (4, 1)
    assert tuple(layer.get_output(0).shape) == (4, 1)


@needs("INetworkDefinition.add_attention")
def test_attention_is_two_boundary_layers() -> None:
    session = Session()
    q, k, v = (session.input(name, (1, 2, 4, 8)) for name in "qkv")
    attention = session.network.add_attention(q, k, v, trt.AttentionNormalizationOp.SOFTMAX, False)
    assert attention is not None
    kinds = [session.network.get_layer(i).type for i in range(session.network.num_layers)]
    assert kinds == [trt.LayerType.ATTENTION_INPUT, trt.LayerType.ATTENTION_OUTPUT]
    assert tuple(attention.get_output(0).shape) == (1, 2, 4, 8)
    attention.causal = True
    assert attention.causal
    attention.name = "self_attention"
    assert attention.name == "self_attention"
