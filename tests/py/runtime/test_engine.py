"""torch.classes.tensorrt.Engine and execute_engine: results, shapes, refused inputs."""

from __future__ import annotations

import threading

import pytest
import torch

import tensorrt as trt  # isort: skip  (torch_tensorrt says whose it is)
from torch_tensorrt._errors import EngineError, InputError

from tests.py.runtime import engines
from tests.py.runtime.engines import DEVICE, ROWS, TWO_ROWS, module, randn


def run(held, *inputs):
    return torch.ops.tensorrt.execute_engine(list(inputs), held.get_engine())


@pytest.fixture(scope="module")
def relu():
    return module(engines.relu())


@pytest.fixture(scope="module")
def both():
    return module(engines.sum_and_product, TWO_ROWS)


def test_one_output(relu):
    x = randn(2, 3)
    (out,) = run(relu, x)
    torch.testing.assert_close(out, x.relu())


def test_two_outputs_and_changing_shapes(both):
    for rows in (4, 1, 8, 8, 1):
        x, y = randn(rows, 3), randn(rows, 3)
        total, product = run(both, x, y)
        torch.testing.assert_close(total, x + y)
        torch.testing.assert_close(product, x * y)


def test_a_refused_input_leaves_no_trace(both):
    x, y = randn(4, 3), randn(4, 3)
    run(both, x, y)
    with pytest.raises(InputError, match=r"'y' .*axis 0 may be 1 to 8"):
        run(both, randn(5, 3), randn(9, 3))
    torch.testing.assert_close(run(both, x, y)[0], x + y)


@pytest.mark.parametrize(
    "dtype, tensor",
    [
        (trt.bfloat16, torch.tensor([1.5, -2.0, 3.0], dtype=torch.bfloat16)),
        (trt.float16, torch.tensor([1.5, -2.0, 3.0], dtype=torch.float16)),
        (trt.int64, torch.tensor([2**40, -1, 0])),
        (trt.int32, torch.tensor([7, -1, 0], dtype=torch.int32)),
        (trt.bool, torch.tensor([True, False, True])),
    ],
)
def test_types_arrive_unchanged(dtype, tensor):
    held = module(engines.identity((3,), dtype))
    (out,) = run(held, tensor.to(DEVICE))
    assert out.dtype == tensor.dtype
    assert torch.equal(out.cpu(), tensor)


def test_zero_axes():
    (out,) = run(module(engines.relu(())), torch.tensor(-1.0, device=DEVICE))
    assert out.shape == () and out.item() == 0


def test_empty_tensors():
    held = module(engines.relu((-1, 3)), {"x": ((0, 3), (4, 3), (8, 3))})
    for rows in (0, 2, 0):
        assert run(held, randn(rows, 3))[0].shape == (rows, 3)


def test_strides_do_not_matter(relu):
    x = randn(3, 2).t()
    assert not x.is_contiguous()
    torch.testing.assert_close(run(relu, x)[0], x.relu())


def test_negated_views_are_resolved(relu):
    x = torch.randn(2, 3, dtype=torch.complex64, device=DEVICE).conj().imag
    assert x.is_neg()
    torch.testing.assert_close(run(relu, x)[0], x.clone().relu())


def test_values_that_decide_shapes():
    held = module(engines.reshape_by_value, {"x": ((1,), (6,), (12,)), "size": ((1, 1), (2, 3), (12, 12))})
    x = randn(6)
    for size in ((2, 3), (3, 2), (3, 2), (6, 1)):
        (out,) = run(held, x, torch.tensor(size))
        assert torch.equal(out, x.reshape(size))


def test_value_inputs_have_no_shape_to_infer_from():
    held = module(engines.reshape_by_value, {"x": ((1,), (6,), (12,)), "size": ((1, 1), (2, 3), (12, 12))})
    with pytest.raises(RuntimeError, match="values of input 'size' decide"):
        held.get_engine().infer_outputs([[6], [2]])


def test_outputs_are_new_at_every_call(relu):
    x = randn(2, 3)
    first, second = run(relu, x)[0], run(relu, -x)[0]
    assert first.data_ptr() != second.data_ptr()
    torch.testing.assert_close(first, x.relu())


def test_wrong_count(relu):  # c1
    with pytest.raises(InputError, match=r"'engine' takes 1 input\(s\) \[x\], got 2"):
        run(relu, randn(2, 3), randn(2, 3))


def test_wrong_device(relu):  # c3
    with pytest.raises(InputError, match=r"'x' \(argument 0 .*engine runs on .*got a tensor on meta"):
        torch.ops.tensorrt.execute_engine.default.redispatch(
            torch._C.DispatchKeySet(torch._C.DispatchKey.CPU),
            [torch.empty(2, 3, device="meta")],
            relu.get_engine(),
        )


def test_wrong_type(relu):  # c4
    with pytest.raises(
        InputError, match=r"engine expects float32, got int64\. Cast it, or rebuild with dtype=torch\.int64"
    ):
        run(relu, torch.ones(2, 3, dtype=torch.int64, device=DEVICE))


def test_wrong_rank(relu):  # c5
    with pytest.raises(InputError, match=r"expects 2 axes, float32 \[2, 3\], got 1: \[3\]"):
        run(relu, randn(3))


def test_wrong_length(relu):  # c6
    with pytest.raises(InputError, match=r"axis 1 is fixed at 3 in the engine, got 4"):
        run(relu, randn(2, 4))


def test_length_outside_the_profile(both):  # c7
    with pytest.raises(InputError, match=r"'x' .*axis 0 may be 1 to 8 in optimization profile 0, got 9"):
        run(both, randn(9, 3), randn(9, 3))


def test_altered_plans_are_refused():
    plan = engines.build(engines.relu())
    for broken in (plan[:-7], plan[:100], b"no plan", plan[:50] + bytes([plan[50] ^ 255]) + plan[51:]):
        with pytest.raises(EngineError, match="'engine' .*cannot be loaded"):
            engines.TorchTensorRTModule(broken, name="engine")


def test_no_plan_is_refused():
    with pytest.raises(EngineError, match="has no plan"):
        engines.TorchTensorRTModule(b"", name="engine")


def test_names_have_to_be_the_engines():
    plan = engines.build(engines.relu())
    with pytest.raises(InputError, match=r"input names \[z\] were given, the engine has \[x\]"):
        engines.TorchTensorRTModule(plan, ["z"], ["out0"])


def test_order_of_names_is_the_order_of_arguments():
    def difference(network):
        x, y = (network.add_input(name, trt.float32, (2,)) for name in "xy")
        engines.returned(network, network.add_elementwise(x, y, trt.ElementWiseOperation.SUB).get_output(0))

    held = engines.TorchTensorRTModule(engines.build(difference), ["y", "x"], ["out0"])
    y, x = randn(2), randn(2)
    torch.testing.assert_close(held(y, x), x - y)


def test_inferred_outputs_have_shape_and_type(both):
    shapes = [tuple(t.shape) for t in both.get_engine().infer_outputs([[5, 3], [5, 3]])]
    assert shapes == [(5, 3), (5, 3)]
    x, y = randn(2, 3), randn(2, 3)
    torch.testing.assert_close(run(both, x, y)[0], x + y)


def test_many_threads_one_engine(both):
    failures = []

    def work(rows):
        for _ in range(50):
            x, y = randn(rows, 3), randn(rows, 3)
            if not torch.equal(run(both, x, y)[0], x + y):
                failures.append(rows)

    threads = [threading.Thread(target=work, args=(rows,)) for rows in (1, 3, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_text_names_bindings_and_ranges(both):
    text = str(both.get_engine())
    assert "x: float32 [-1, 3], allows float32 [1..8, 3]" in text and "out1" in text


def test_profiles_are_chosen_by_the_inputs():
    near, far = {"x": ((1, 3), (1, 3), (2, 3))}, {"x": ((5, 3), (6, 3), (9, 3))}
    held = module(engines.relu((-1, 3)), near, far)
    engine = held.get_engine()
    assert engine.num_optimization_profiles == 2
    with pytest.raises(InputError, match="profile 0"):
        run(held, randn(6, 3))
    held.set_optimization_profile(1)
    x = randn(6, 3)
    torch.testing.assert_close(run(held, x)[0], x.relu())
    held.set_optimization_profile("auto")
    for rows in (1, 9, 2):
        assert run(held, randn(rows, 3))[0].shape == (rows, 3)
    with pytest.raises(InputError):
        run(held, randn(4, 3))
    with pytest.raises(RuntimeError, match="0 to 1; got 2"):
        engine.set_active_profile(2)
    with pytest.raises(InputError, match="got 2"):
        held.set_optimization_profile(2)


def test_rows_profile_reaches_its_bounds():
    held = module(engines.doubled_rows, ROWS)
    x = randn(8, 3)
    torch.testing.assert_close(held(x), torch.cat([x, x]))
