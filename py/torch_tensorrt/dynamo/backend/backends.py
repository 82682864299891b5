"""torch.compile(backend="torch_tensorrt"): a graph that dynamo captured becomes engines at the first call.

The names are registered in torch_tensorrt._backends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._dynamo.backends.common import aot_autograd
from torch.fx import GraphModule

from torch_tensorrt.dynamo._compiler import _precision_words, compile_module
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.backend._static_inputs import bake_static_inputs, length_guards, static_inputs
from torch_tensorrt.dynamo.backend._tracing import trace_to_aten
from torch_tensorrt.dynamo.conversion._registry import names_of
from torch_tensorrt.dynamo.lowering import get_decompositions, post_lowering
from torch_tensorrt.dynamo.utils import parse_dynamo_kwargs

logger = logging.getLogger(__name__)


def torch_tensorrt_backend(
    gm: GraphModule, sample_inputs: Sequence[Any], **kwargs: Any
) -> Callable[..., Any]:
    """The backend; options are the compilation settings."""
    return aot_torch_tensorrt_aten_backend(gm, sample_inputs, **kwargs)


def aot_torch_tensorrt_aten_backend(
    gm: GraphModule, sample_inputs: Sequence[Any], **kwargs: Any
) -> Callable[..., Any]:
    """Traces to aten operators and compiles them."""
    settings, _ = parse_dynamo_kwargs(kwargs)
    _precision_words(settings)
    if settings.use_distributed_mode_trace:
        compiler = lambda inner, inputs: compile_graph(inner, inputs, settings, static=set())  # noqa: E731
        return aot_autograd(fw_compiler=compiler, decompositions=_table(settings))(gm, sample_inputs)
    return compile_graph(gm, sample_inputs, settings, static=static_inputs(gm, sample_inputs), export=True)


def _table(settings: CompilationSettings) -> dict[Any, Any]:
    return get_decompositions(
        settings.enable_experimental_decompositions,
        settings.decompose_attention,
        named=names_of(settings.torch_executed_ops),
    )


def compile_graph(
    gm: GraphModule,
    sample_inputs: Sequence[Any],
    settings: CompilationSettings,
    static: set[int],
    export: bool = False,
) -> Callable[..., Any]:
    """The compiled graph; the graph itself where that fails and failures may not pass."""
    try:
        traced = gm
        if export:
            traced = trace_to_aten(gm, sample_inputs, static, _table(settings))
        with torch.no_grad():
            baked = bake_static_inputs(traced, sample_inputs, static)
            lowered = post_lowering(baked, settings)
        compiled = compile_module(lowered, settings, length_guards(lowered))
    except (AssertionError, RuntimeError, TypeError) as error:
        if settings.pass_through_build_failures:
            raise
        logger.warning("The graph runs in PyTorch, it could not be compiled: %s", error)
        return gm.forward
    kept = [i for i in range(len(sample_inputs)) if i not in static]

    def run(*inputs: Any) -> Any:
        return compiled(*[inputs[i] for i in kept])

    run.compiled = compiled  # type: ignore[attr-defined]
    return run
