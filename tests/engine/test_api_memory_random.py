"""Random networks in a block of the caller's memory: what they compute elsewhere."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, Log, build_engine
from tests.engine._memory import empty, run_context
from tests.engine._random_network import add_to, make_recipe, range_of
from tests.engine._random_steps import SMOOTH
from tests.engine._session import on_device
from tests.engine.test_api_memory import USER_MANAGED, block
from tests.engine.test_random_networks import SEEDS
from tests.util.tolerance import tolerances


def outputs_of(context: trt.IExecutionContext, inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    engine = context.engine
    for name, x in inputs.items():
        assert context.set_input_shape(name, tuple(x.shape))
    names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    outputs = {
        name: empty(context.get_tensor_shape(name), TORCH_OF[engine.get_tensor_dtype(name)])
        for name in names
        if name not in inputs
    }
    assert run_context(context, inputs, outputs)
    return [output.cpu() for output in outputs.values()]


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_block_changes_no_result(seed: int, dynamic: bool) -> None:
    recipe = make_recipe(seed, 12 + 4 * (seed % 10), torch.float32, SMOOTH, dynamic)
    wanted = recipe.leaves

    def build(net, *inputs):
        add_to(recipe, net, inputs)
        return [net.add_identity(value.tensor).get_output(0) for value in wanted]

    given = [value.exact.to(value.dtype) for value in recipe.inputs]
    plan, log = build_engine(build, given, [range_of(x.shape, dynamic) for x in given])
    assert plan is not None, f"{log}\n{recipe.describe()}"
    logger = Log()
    engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
    inputs = {f"x{i}": on_device(x.contiguous()) for i, x in enumerate(given)}
    expected = outputs_of(engine.create_execution_context(), inputs)
    context = engine.create_execution_context(USER_MANAGED)
    size = engine.device_memory_size_v2
    memory = block(size)
    context.set_device_memory(memory.data_ptr() if size else 0, size)
    for _ in range(2):
        memory.fill_(0xFF)  # what is read before it is written becomes NaN
        for ours, theirs in zip(outputs_of(context, inputs), expected, strict=True):
            # A result in another memory order may round otherwise.
            torch.testing.assert_close(
                ours,
                theirs,
                equal_nan=True,
                **tolerances(ours.dtype),
                msg=lambda text: f"{text}\n{recipe.describe()}",
            )
    assert (memory[size:] == 0xFF).all()
