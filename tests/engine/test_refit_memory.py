"""Host memory that a refit takes for a while: weights that stay the same are shared, not copied."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device, sample
from tests.engine._session import Session, execute
from tests.engine.test_refit import Flag, weights_of

LAYERS, WIDTH = 12, 1024
MiB = 1 << 20
ONE = WIDTH * WIDTH * 4


def memory(key: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) * 1024


def start_peak() -> int:
    """Bytes in use; the peak is theirs from now on."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError as error:
        pytest.skip(f"the peak cannot be reset: {error}")
    return memory("VmRSS")


def chain(matrices: list[torch.Tensor]) -> Session:
    session = Session()
    session.config.set_flag(Flag.REFIT)
    none = trt.MatrixOperation.NONE
    y = session.input("x", (2, WIDTH))
    for i, m in enumerate(matrices):
        constant = session.network.add_constant((WIDTH, WIDTH), weights_of(m))
        constant.name = f"m{i}"
        y = session.network.add_matrix_multiply(y, none, constant.get_output(0), none).get_output(0)
        y = session.network.add_activation(y, trt.ActivationType.CLIP)
        y.alpha, y.beta = 0, 3
        y = y.get_output(0)
    y.name = "y"
    session.network.mark_output(y)
    return session


@pytest.mark.skipif(device().type != "cpu", reason="a device has host memory of its own")
@pytest.mark.parametrize(
    ("changed", "given", "most"),
    [
        ([], range(LAYERS), 2 * MiB),  # nothing is copied
        ([5], [5], 4 * ONE),  # as given, transposed, and one matrix of scratch
        ([5], range(LAYERS), 4 * ONE),
    ],
    ids=["none changed", "one given", "one changed, all given"],
)
def test_what_a_refit_takes(changed: list[int], given: range | list[int], most: int) -> None:
    matrices = [sample((WIDTH, WIDTH), torch.int32, -1, 2, i).float() for i in range(LAYERS)]
    session = chain(matrices)
    engine = session.engine()
    context = engine.create_execution_context()
    x, y = torch.zeros(2, WIDTH), torch.ones(2, WIDTH)
    x[0, 3] = 1
    assert execute(context, x, y)
    for i in changed:
        matrices[i] = matrices[i].flip(0).contiguous()
    refitter = trt.Refitter(engine, session.logger)
    for i in given:
        assert refitter.set_weights(f"m{i}", trt.WeightsRole.CONSTANT, weights_of(matrices[i]))
    gc.collect()
    before = start_peak()
    assert refitter.refit_cuda_engine(), session.logger.errors()
    assert memory("VmHWM") - before <= most
    assert execute(context, x, y)
    expected = x
    for m in matrices:
        expected = (expected @ m).clamp(0, 3)
    assert torch.equal(y, expected)  # sums of small whole numbers are exact in any order
