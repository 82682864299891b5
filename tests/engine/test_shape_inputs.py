"""Network inputs whose values are lengths: the host reads them, a profile bounds them."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, TRT_OF, device, sample
from tests.engine._session import Session


def run_with_lengths(build, x, spans, lengths, dtype):
    """The output for data input "x" and shape input "n"; `spans`: smallest, usual and largest values of n."""
    session = Session()
    inputs = [
        session.input("x", tuple(x.shape), TRT_OF[x.dtype]),
        session.input("n", (len(lengths),), TRT_OF[dtype]),
    ]
    layer = build(session.network, *inputs)
    layer.get_output(0).name = "y"
    session.network.mark_output(layer.get_output(0))
    profile = session.builder.create_optimization_profile()
    assert profile.set_shape_input("n", *spans) in (None, True)
    assert session.config.add_optimization_profile(profile) >= 0
    engine = session.engine()
    assert engine.is_shape_inference_io("n")
    context = engine.create_execution_context()
    values, data = torch.tensor(lengths, dtype=dtype), x.to(device())
    assert context.set_input_shape("x", tuple(x.shape)), session.logger.errors()
    assert context.set_tensor_address("x", data.data_ptr())
    assert context.set_tensor_address("n", values.data_ptr()), session.logger.errors()
    shape = tuple(context.get_tensor_shape("y"))
    assert min(shape, default=0) >= 0, (shape, session.logger.errors())
    y = torch.empty(shape, dtype=TORCH_OF[engine.get_tensor_dtype("y")], device=device())
    assert context.set_tensor_address("y", y.data_ptr())
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert context.execute_async_v3(stream), session.logger.errors()
    if device().type == "cuda":
        torch.cuda.synchronize()
    return y.cpu()


def reshape(network, x, lengths):
    layer = network.add_shuffle(x)
    layer.set_input(1, lengths)
    return layer


def first_rows(network, x, lengths):
    layer = network.add_slice(x, (0, 0), (0, 0), (1, 1))
    layer.set_input(2, lengths)
    return layer


def expand(network, x, lengths):
    """x of shape [1, n] spread over the rows by stride 0."""
    layer = network.add_slice(x, (0, 0), (0, 0), (0, 1))
    layer.set_input(2, lengths)
    return layer


def resize(network, x, lengths):
    layer = network.add_resize(x)
    layer.set_input(1, lengths)
    return layer


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("lengths", [[4, 6], [-1, 8], [24, 1]])
def test_reshape(lengths, dtype):
    x = sample((2, 3, 4))
    y = run_with_lengths(reshape, x, ((-1, 1), (4, 6), (24, 24)), lengths, dtype)
    torch.testing.assert_close(y, x.reshape(lengths))


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_slice(dtype):
    x = sample((5, 3))
    y = run_with_lengths(first_rows, x, ((1, 1), (2, 2), (5, 3)), [4, 2], dtype)
    torch.testing.assert_close(y, x[:4, :2])


def test_expand():
    x = sample((1, 3))
    y = run_with_lengths(expand, x, ((1, 3), (2, 3), (9, 3)), [7, 3], torch.int64)
    torch.testing.assert_close(y, x.expand(7, 3))


def test_resize():
    x = sample((2, 3))
    y = run_with_lengths(resize, x, ((1, 1), (2, 2), (9, 9)), [4, 6], torch.int64)
    torch.testing.assert_close(y, x.repeat_interleave(2, 0).repeat_interleave(2, 1))


def test_fill():
    def arange(network, x, lengths):
        layer = network.add_fill((0,), trt.FillOperation.LINSPACE, trt.int64)
        layer.set_input(0, lengths)
        layer.alpha, layer.beta = 3, 2
        total = network.add_reduce(x, trt.ReduceOperation.SUM, 1, True).get_output(0)
        return network.add_elementwise(layer.get_output(0), total, trt.ElementWiseOperation.SUM)

    x = torch.tensor([1, 2])
    y = run_with_lengths(arange, x, ((1,), (2,), (9,)), [4], torch.int64)
    assert y.tolist() == [6, 8, 10, 12]


@pytest.mark.parametrize(
    ("dtype", "shape", "on_host"),
    [
        (trt.int32, (2,), True),
        (trt.int64, (64,), True),
        (trt.int64, (65,), False),
        (trt.int32, (-1,), False),
        (trt.float32, (2,), True),
        (trt.float16, (2,), False),
        (trt.int8, (2,), False),
    ],
    ids=str,
)
def test_what_can_be_a_shape_tensor(dtype, shape, on_host):
    """What cannot be on the host is read back where lengths depend on it; its values in the profile go."""
    session = Session()
    n, x, numbers = session.network, session.input("x", (2, 6)), session.input("n", shape, dtype)
    two = n.add_slice(n.add_cast(numbers, trt.int32).get_output(0), (0,), (2,), (1,)).get_output(0)
    layer = n.add_shuffle(x)
    layer.set_input(1, two)
    session.network.mark_output(layer.get_output(0))
    assert (numbers.is_shape_tensor, numbers.is_execution_tensor) == (on_host, not on_host)
    profile = session.builder.create_optimization_profile()
    if -1 in shape:
        profile.set_shape("n", (2,), (3,), (9,))
    count = abs(shape[0])
    if shape[0] <= 64:
        profile.set_shape_input("n", (1,) * count, (4, 3, *[1] * count)[:count], (12,) * count)
    session.config.add_optimization_profile(profile)
    engine = session.engine()
    assert engine.is_shape_inference_io("n") == on_host
    assert (engine.get_tensor_location("n") == trt.TensorLocation.HOST) == on_host
