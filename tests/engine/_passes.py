"""Which passes change a network, as the build's log tells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import tensorrt as trt
import torch

from tests.engine._case import TRT_OF, Net, run_engine
from tests.engine._session import STRONG, Logger
from tests.util.oracle import assert_close_or_as_good


def built(
    build: Callable[..., Any], inputs: Sequence[torch.Tensor], level: int = 3
) -> tuple[bytes, set[str]]:
    """The plan at an optimization level, and the names of the passes that changed the network."""
    logger = Logger()
    logger.min_severity = trt.ILogger.VERBOSE
    builder = trt.Builder(logger)
    net = Net(builder.create_network(STRONG))
    config = builder.create_builder_config()
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    config.builder_optimization_level = level
    tensors = [net.add_input(f"x{i}", TRT_OF[x.dtype], tuple(x.shape)) for i, x in enumerate(inputs)]
    outputs = build(net, *tensors)
    for i, y in enumerate(outputs if isinstance(outputs, list) else [outputs]):
        y.name = f"y{i}"
        net.mark_output(y)
    plan = builder.build_serialized_network(net.network, config)
    assert plan is not None, logger.errors()
    changed = {m[1] for _, line in logger.lines if (m := re.match(r"pass (\w+) changed", line))}
    return bytes(plan), changed


def layers_of(plan: bytes) -> list[dict[str, Any]]:
    """What an inspector tells of the layers of a plan with detailed verbosity, constants aside."""
    engine = trt.Runtime(Logger()).deserialize_cuda_engine(plan)
    told = engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    return [layer for layer in json.loads(told)["Layers"] if layer["LayerType"] != "Constant"]


def kinds(build: Callable[..., Any], inputs: Sequence[torch.Tensor]) -> set[str]:
    """Kinds of layers that the passes leave of a network."""
    return {layer["LayerType"] for layer in layers_of(built(build, inputs)[0])}


def check_fused(
    build: Callable[..., Any], inputs: Sequence[torch.Tensor], reference: Callable[..., Any], name: str
) -> None:
    """Pass `name` changes the network, and its results are as good as those without passes."""
    plan, changed = built(build, inputs)
    assert name in changed
    plain, none = built(build, inputs, level=0)
    assert name not in none
    exact = [x.double() if x.is_floating_point() else x for x in inputs]
    fused, parts = run_engine(plan, inputs)[0], run_engine(plain, inputs)[0]
    wanted = reference(*exact)
    assert_close_or_as_good(fused, parts, lambda: wanted, wanted.to(parts.dtype))
