"""Weakly typed networks: real types mix in layers that index, sample, normalise across channels or rotate."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TRT_OF, device, sample
from tests.engine._session import Session, needs_weak_types
from tests.util.tolerance import tolerances

WEAK = 0
pytestmark = [pytest.mark.filterwarnings("ignore:Use Deprecated in TensorRT 10.12"), needs_weak_types]
X, HALF = sample((2, 3, 4, 6)), torch.float16
CASES = {
    "scatter": (
        lambda n, *x: n.add_scatter(*x, trt.ScatterMode.ELEMENT),
        [X, torch.zeros((2, 3, 4, 6), dtype=torch.int64), sample((2, 3, 4, 6), HALF, seed=1)],
        lambda x, i, u: x.scatter(0, i[-1:], u[-1:].to(x.dtype)),
    ),
    "parametric relu": (
        lambda n, *x: n.add_parametric_relu(*x),
        [X, sample((1, 3, 1, 1), HALF)],
        lambda x, a: torch.where(x < 0, a * x, x),
    ),
    "grid sample": (
        lambda n, *x: n.add_grid_sample(*x),
        [X.half(), sample((2, 2, 2, 2), low=-1, high=1)],
        lambda x, grid: torch.nn.functional.grid_sample(x.double(), grid.double(), align_corners=False),
    ),
    "ragged softmax": (
        lambda n, *x: n.add_ragged_softmax(*x),
        [X.half(), torch.full((2, 3, 4, 1), 6, dtype=torch.int32)],
        lambda x, _: x.double().softmax(-1),
    ),
    "lrn": (
        lambda n, x: n.add_lrn(x, 3, 0.3, 0.75, 1.0),
        [X.half()],
        torch.nn.LocalResponseNorm(3, alpha=0.3),
    ),
    "one hot": (
        lambda n, i, v: n.add_one_hot(i, v, n.add_constant((), trt.Weights(DEPTH)).get_output(0), -1),
        [torch.tensor([1, 0, 3], dtype=torch.int32), torch.tensor([0.25, 2.0]).half()],
        lambda i, v: torch.where(torch.nn.functional.one_hot(i.long(), 4).bool(), v[1], v[0]),
    ),
    "reverse sequence": (
        lambda n, x, lengths: n.add_reverse_sequence(x, lengths),
        [X.half(), torch.tensor([2, 2, 2], dtype=torch.int32)],
        lambda x, _: x.flip(0),
    ),
}
DEPTH = torch.tensor(4, dtype=torch.int32).numpy()


@pytest.mark.parametrize("kind", CASES)
def test_results_are_those_of_float32(kind):
    add, inputs, reference = CASES[kind]
    session = Session(WEAK)
    tensors = [session.input(f"x{i}", tuple(x.shape), TRT_OF[x.dtype]) for i, x in enumerate(inputs)]
    layer = add(session.network, *tensors)
    assert layer is not None, session.logger.errors()
    y = layer.get_output(0)
    assert y.dtype == trt.float32
    y.name = "y"
    session.network.mark_output(y)
    engine = session.engine()
    context = engine.create_execution_context()
    kept = [x.to(device()) for x in inputs]
    for i, x in enumerate(kept):
        assert engine.get_tensor_dtype(f"x{i}") == TRT_OF[x.dtype]
        context.set_tensor_address(f"x{i}", x.data_ptr())
    result = torch.empty(tuple(engine.get_tensor_shape("y")), device=device())
    context.set_tensor_address("y", result.data_ptr())
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert context.execute_async_v3(stream), session.logger.errors()
    if device().type == "cuda":
        torch.cuda.synchronize()
    expected = reference(*(x.double() if x.is_floating_point() else x for x in inputs))
    torch.testing.assert_close(result.cpu(), expected.float(), **tolerances(torch.float32))


def test_integers_are_no_real_numbers():
    session = Session(WEAK)
    x, i = session.input("x", (2, 3)), session.input("i", (2, 3), trt.int32)
    assert session.network.add_parametric_relu(x, i) is None
    assert "int32" in session.logger.last_error()
    assert session.network.add_scatter(x, i, i, trt.ScatterMode.ELEMENT) is None
    assert "updates" in session.logger.last_error()
