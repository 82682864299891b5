"""The phases of a compilation in order: check, lower, partition, convert, put together."""

from __future__ import annotations

import logging
import operator
import time
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx import GraphModule, Node

from torch_tensorrt._enums import dtype
from torch_tensorrt._errors import InputError
from torch_tensorrt.dynamo._calls import explain_wrong_calls
from torch_tensorrt.dynamo._inputs import checked_ranges
from torch_tensorrt.dynamo._report import CompileReport, dryrun
from torch_tensorrt.dynamo._settings import CompilationSettings, replace, say_once, takes_settings
from torch_tensorrt.dynamo._training import check_training
from torch_tensorrt.dynamo.conversion._conversion import interpret_module_to_result, runtime_module
from torch_tensorrt.dynamo.conversion._ConverterRegistry import DYNAMO_CONVERTERS
from torch_tensorrt.dynamo.conversion._registry import names_of
from torch_tensorrt.dynamo.lowering import get_decompositions, post_lowering, pre_export_lowering
from torch_tensorrt.dynamo.lowering._decompose import decompose
from torch_tensorrt.dynamo.lowering._decompositions import taken_apart
from torch_tensorrt.dynamo.partitioning import Partition, SymbolRanges, construct_submodule_inputs, partition

logger = logging.getLogger(__name__)


@takes_settings
def compile(
    exported_program: ExportedProgram,
    inputs: Sequence[Any] | None = None,
    *,
    arg_inputs: Sequence[Any] | None = None,
    kwarg_inputs: dict[str, Any] | None = None,
    settings: CompilationSettings,
) -> GraphModule:
    """Compiles an exported program: engines where that is possible, PyTorch elsewhere.

    Inputs are optional; they say the ranges of dynamic lengths where the program has none. Settings are the
    fields of `CompilationSettings`, by keyword or as one object. The result's `report` tells what happened:
    `print(compiled.report)`. Raises InputError where inputs and program do not fit, UnsupportedOperatorError
    where `require_full_compilation` meets an operator without converter, and the errors of the type contract.
    """
    program = _program(exported_program)
    _precision_words(settings)
    ranges = checked_ranges(program, _positional(inputs, arg_inputs), kwarg_inputs)
    check_training(program.graph, settings.require_full_compilation)
    begun = time.perf_counter()
    gm = lower(program, settings)
    return compile_module(gm, settings, ranges, {"lowering": time.perf_counter() - begun})


@takes_settings
def convert_exported_program_to_serialized_trt_engine(
    exported_program: ExportedProgram,
    inputs: Sequence[Any] | None = None,
    *,
    arg_inputs: Sequence[Any] | None = None,
    kwarg_inputs: dict[str, Any] | None = None,
    arg_input_binding_names: Any = None,
    kwarg_input_binding_names: Any = None,
    output_binding_names: Any = None,
    lift_mutable_buffers: bool = False,
    settings: CompilationSettings,
) -> bytes:
    """The whole program as the bytes of one engine.

    Names of bindings are nested as arguments and results are, or flat; BindingNameMismatchError where there
    are more or fewer of them. Other arguments and errors are those of `compile`, and nothing can stay in
    PyTorch.
    """
    program = _program(exported_program)
    _precision_words(settings)
    if lift_mutable_buffers:
        raise NotImplementedError(
            "lift_mutable_buffers is not built yet; export the model without mutated buffers"
        )
    settings = replace(settings, require_full_compilation=True)
    ranges = checked_ranges(program, _positional(inputs, arg_inputs), kwarg_inputs)
    check_training(program.graph, full=True)
    gm = lower(program, settings)
    partition(gm, settings)  # raises for what has no converter, all at once
    specs = construct_submodule_inputs(gm, ranges, settings.truncate_double)
    names: dict[str, Any] = {
        "input_binding_names": _binding_names(
            (arg_input_binding_names, kwarg_input_binding_names), len(specs), "input"
        ),
        "output_binding_names": _binding_names(output_binding_names, _result_count(gm), "output"),
    }
    return interpret_module_to_result(gm, specs, settings, **names).serialized_engine


def _binding_names(given: Any, count: int, what: str) -> list[str] | None:
    leaves = [n for n in torch.utils._pytree.tree_leaves(given) if n is not None]
    if not leaves:
        return None
    if len(leaves) != count:
        raise BindingNameMismatchError(
            f"{len(leaves)} {what} names were given: {leaves}\n  expected {count}\n"
            f"  To go on: one name for each {what}"
        )
    return [str(n) for n in leaves]


class BindingNameMismatchError(InputError):
    """Names for bindings do not match the inputs or results."""


def _result_count(gm: GraphModule) -> int:
    returned = next(iter(reversed(gm.graph.nodes))).args[0]
    return len(returned) if isinstance(returned, (tuple, list)) else 1


def _program(given: Any) -> ExportedProgram:
    if isinstance(given, ExportedProgram):
        return given
    raise InputError(
        f"dynamo.compile got a {type(given).__name__}\n  expected a torch.export.ExportedProgram\n"
        "  To go on: torch_tensorrt.dynamo.trace(model, inputs) makes one, torch_tensorrt.compile(model, "
        "inputs=...) does both"
    )


def _positional(inputs: Any, arg_inputs: Any) -> Any:
    if inputs is not None and arg_inputs is not None:
        raise InputError("inputs and arg_inputs are two names for one argument\n  To go on: give one of them")
    return arg_inputs if inputs is None else inputs


def _precision_words(settings: CompilationSettings) -> None:
    """What the two old precision settings mean now; each is said once."""
    if settings.enabled_precisions != {dtype.f32}:
        names = ", ".join(sorted(p.name for p in settings.enabled_precisions))
        say_once(
            f"enabled_precisions={{{names}}} has no effect: the network is strongly typed and precision "
            "comes from the model. "
            f"Use model.to(torch.bfloat16), torch.autocast or enable_autocast, and drop enabled_precisions"
        )
    if not settings.use_explicit_typing:
        warnings.warn(
            "use_explicit_typing=False is deprecated and has no effect: networks are strongly typed, "
            "precision comes from the model",
            DeprecationWarning,
            stacklevel=4,
        )


def lower(program: ExportedProgram, settings: CompilationSettings) -> GraphModule:
    """The program decomposed and cleaned up, as a graph module with its parameters."""
    program = pre_export_lowering(program, settings)
    named = names_of(settings.torch_executed_ops)
    table = get_decompositions(
        settings.enable_experimental_decompositions, settings.decompose_attention, named=named
    )
    with torch.no_grad():
        return post_lowering(decompose(program, table, frozenset(taken_apart(named))), settings)


def compile_module(
    gm: GraphModule,
    settings: CompilationSettings,
    ranges: SymbolRanges | None = None,
    seconds: dict[str, float] | None = None,
) -> GraphModule:
    """Partitions a lowered graph and puts an engine in the place of each part that can be one."""
    ranges, seconds = ranges or SymbolRanges(), dict(seconds or {})
    DYNAMO_CONVERTERS.set_compilation_settings(settings)
    begun = time.perf_counter()
    parts = partition(gm, settings)
    result = parts.module
    specs = {
        name: construct_submodule_inputs(getattr(result, name), ranges, settings.truncate_double)
        for name in engine_names(parts)
    }
    report = CompileReport.of(parts, settings, specs)
    result.report = report  # type: ignore[assignment]
    seconds["partitioning"] = time.perf_counter() - begun
    if settings.dryrun:
        dryrun(report, settings.dryrun)
        return result
    if not specs:
        logger.warning("No part of the model runs in an engine:\n%s", report)
    for engine, (name, inputs) in zip(report.engines, specs.items(), strict=False):
        part: GraphModule = getattr(result, name)
        built = interpret_module_to_result(part, inputs, settings)
        engine.layers, engine.weight_types = built.layers, built.weight_types
        engine.seconds, engine.bytes = built.seconds, len(built.serialized_engine)
        setattr(result, name, runtime_module(built, part, settings, name))
    _cast_at_borders(result, set(specs))
    _own_outputs(result)
    explain_wrong_calls(result)
    report.seconds = seconds
    logger.info("%s", report)
    return result


def engine_names(parts: Partition) -> list[str]:
    """Names of the submodules that become engines."""
    return [f"_run_on_acc_{g}" for g, group in enumerate(parts.groups) if group.in_engine]


def _cast_at_borders(result: GraphModule, engines: set[str]) -> None:
    """float64 tensors become float32 before an engine and float64 again behind it (truncate_double)."""
    changed = False
    for node in list(result.graph.nodes):
        if node.op == "call_module" and node.target in engines:
            for needed in node.all_input_nodes:
                if _is_double(needed):
                    node.replace_input_with(needed, _cast(result, needed, torch.float32, before=node))
                    changed = True
            changed |= _widen_results(result, node)
    if changed:
        result.graph.lint()
        result.recompile()


def _widen_results(result: GraphModule, call: Node) -> bool:
    several = isinstance(call.meta.get("val"), tuple)
    doubles = [n for n in (list(call.users) if several else [call]) if _is_double(n)]
    for node in doubles:
        wide = _cast(result, node, torch.float64, after=node)
        node.replace_all_uses_with(wide, delete_user_cb=partial(operator.is_not, wide))
    return bool(doubles)


def _is_double(node: Node) -> bool:
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) and value.dtype is torch.float64


def _cast(
    result: GraphModule, node: Node, to: torch.dtype, before: Node | None = None, after: Node | None = None
) -> Node:
    place = (
        result.graph.inserting_before(before) if before is not None else result.graph.inserting_after(after)
    )
    with place:
        made = result.graph.call_function(torch.ops.aten._to_copy.default, (node,), {"dtype": to})
    made.meta["val"] = node.meta["val"].to(to)
    return made


def _own_outputs(result: GraphModule) -> None:
    """Engines whose results leave the module give tensors that they do not use again."""
    output = next(iter(reversed(result.graph.nodes)))
    for node in output.all_input_nodes:
        call = node.args[0] if node.op == "call_function" and node.args else node
        module = (
            getattr(result, str(call.target), None)
            if isinstance(call, Node) and call.op == "call_module"
            else None
        )
        if module is not None and hasattr(module, "set_output_tensors_as_unowned"):
            module.set_output_tensors_as_unowned(True)


def cross_compile_for_windows(exported_program: ExportedProgram, *args: Any, **kwargs: Any) -> GraphModule:
    """Not possible here: NVIDIA's builder for Windows engines is needed."""
    raise NotImplementedError(
        "cross_compile_for_windows needs NVIDIA's builder for Windows engines\n"
        "  To go on: compile on Windows, or save the exported program and compile it there"
    )


def save_cross_compiled_exported_program(gm: GraphModule, file_path: str) -> None:
    """Not possible here: there are no cross-compiled programs."""
    raise NotImplementedError(
        "save_cross_compiled_exported_program: use torch_tensorrt.save for engines of this platform"
    )


def load_cross_compiled_exported_program(file_path: str = "") -> Any:
    """Not possible here: there are no cross-compiled programs."""
    raise NotImplementedError(
        "load_cross_compiled_exported_program: use torch_tensorrt.load for engines of this platform"
    )


__all__ = [
    "compile",
    "compile_module",
    "convert_exported_program_to_serialized_trt_engine",
    "cross_compile_for_windows",
    "load_cross_compiled_exported_program",
    "save_cross_compiled_exported_program",
]
