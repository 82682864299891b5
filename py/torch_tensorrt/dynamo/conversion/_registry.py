"""Which converter makes layers for which operator: ours by the operator's schema, the user's in the five-
argument form.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import torch
from torch.fx import Node
from torch.fx.node import Target

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion._source import target_name

Reason = Callable[[Node, CompilationSettings], "bool | str | None"]

# Arguments that change nothing about the values, so a converter may leave them out.
_HARMLESS = frozenset(
    {"layout", "device", "pin_memory", "memory_format", "non_blocking", "generator", "requires_grad"}
)


class ConverterPriority(Enum):
    """HIGH is tried before STANDARD."""

    STANDARD = auto()
    HIGH = auto()


@dataclass(frozen=True)
class ConverterSupport:
    """One converter of one operator.

    `capability_validator(node, settings)` answers False or a reason in words where the converter cannot take
    a node;
    True, None and "" mean that it can.
    """

    converter_implementation: Callable[..., Any]
    capability_validator: Reason | None = None
    supports_dynamic_shapes: bool = False
    requires_output_allocator: bool = False
    requires_native_multidevice: bool = False
    priority: ConverterPriority = ConverterPriority.STANDARD
    builtin: bool = False

    @property
    def name(self) -> str:
        """Where the converter is defined, for messages."""
        call = self.converter_implementation
        return f"{getattr(call, '__module__', '?')}.{getattr(call, '__qualname__', call)}"

    def refusal(self, node: Node, settings: CompilationSettings) -> str:
        """Why this converter cannot take the node; empty where it can."""
        if (
            not self.supports_dynamic_shapes
            and not settings.assume_dynamic_shape_support
            and has_dynamic_shapes(node)
        ):
            return f"the converter {self.name} does not say that it supports dynamic shapes"
        if settings.fallback_data_dependent_ops and self.requires_output_allocator:
            return "its result's size depends on values, and fallback_data_dependent_ops is set"
        if self.builtin and (dropped := unhandled_argument(self.converter_implementation, node)):
            return dropped
        if self.capability_validator is None:
            return ""
        answer = self.capability_validator(node, settings)
        if isinstance(answer, str):
            return answer
        return f"the converter {self.name} does not take these arguments" if answer is False else ""


TABLE: dict[Target, list[ConverterSupport]] = {}
"""Operator -> its converters in the order in which they are tried."""


def add(target: Target, entry: ConverterSupport) -> None:
    """Adds a converter: HIGH before STANDARD, the user's before ours, the latest first."""
    entries = TABLE.setdefault(_overload(target), [])
    entries.insert(0, entry)
    entries.sort(key=lambda e: (e.priority is not ConverterPriority.HIGH, e.builtin))


def _overload(target: Target) -> Target:
    """The overload that a packet stands for: only where there is one besides `out`."""
    if not isinstance(target, torch._ops.OpOverloadPacket):
        return target
    overloads = set(target.overloads())
    if "default" not in overloads or overloads - {"default", "out"}:
        raise ValueError(
            f"{target} has several overloads: {sorted(overloads)}\n"
            "  To go on: register the converter for one of them, "
            f"such as {target}.{sorted(overloads)[0]}"
        )
    return target.default


def converts(
    *targets: Target,
    when: Reason | None = None,
    priority: ConverterPriority = ConverterPriority.STANDARD,
    dynamic: bool = True,
    output_allocator: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers one of our converters: `f(b, *arguments)` in the order of the operator's schema, defaults
    filled in.

    Arguments that the schema marks as keyword-only go to parameters of the same name. An argument that `f`
    does not have must hold its default, else the node stays in PyTorch. `when(node, settings)` returns a
    reason in words to refuse a node.
    """

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        entry = ConverterSupport(call, when, dynamic, output_allocator, False, priority, builtin=True)
        for target in targets:
            add(target, entry)
        return call

    return register


def dynamo_tensorrt_converter(
    key: Target,
    *,
    enabled: bool = True,
    capability_validator: Callable[[Node, CompilationSettings], bool] | None = None,
    priority: ConverterPriority = ConverterPriority.STANDARD,
    supports_dynamic_shapes: bool = False,
    requires_output_allocator: bool = False,
    requires_native_multidevice: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a user's converter `f(ctx, target, args, kwargs, name)`; tried before ours of the same
    priority.
    """

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        if enabled:
            entry = ConverterSupport(
                call,
                capability_validator,
                supports_dynamic_shapes,
                requires_output_allocator,
                requires_native_multidevice,
                priority,
            )
            add(key, entry)
        return call

    return register


@dataclass(frozen=True)
class _Parameters:
    """What a converter of ours can be given after the builder."""

    positional: int | None
    names: frozenset[str]
    any_keyword: bool


@functools.cache
def _parameters(call: Callable[..., Any]) -> _Parameters:
    given = list(inspect.signature(call).parameters.values())[1:]
    if any(p.kind is p.VAR_POSITIONAL for p in given):
        positional = None
    else:
        positional = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in given)
    names = frozenset(p.name for p in given if p.kind is not p.VAR_KEYWORD)
    return _Parameters(positional, names, any(p.kind is p.VAR_KEYWORD for p in given))


@functools.cache
def _schema(target: Any) -> tuple[tuple[str, bool, Any], ...] | None:
    """(name, keyword-only, default) of the operator's arguments; None for a plain function."""
    if not isinstance(target, torch._ops.OpOverload):
        return None
    return tuple(
        (a.name, a.kwarg_only, a.default_value if a.has_default_value() else inspect.Parameter.empty)
        for a in target._schema.arguments
    )


def bind(
    call: Callable[..., Any], target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments for one of our converters."""
    schema = _schema(target)
    if schema is None:
        return list(args), dict(kwargs)
    can = _parameters(call)
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for index, (name, keyword_only, default) in enumerate(schema):
        value = args[index] if index < len(args) else kwargs.get(name, default)
        if not keyword_only and (can.positional is None or len(positional) < can.positional):
            positional.append(value)
        elif keyword_only and (can.any_keyword or name in can.names):
            keywords[name] = value
    return positional, keywords


def unhandled_argument(call: Callable[..., Any], node: Node) -> str:
    """The argument that a converter of ours would have to leave out although it holds something; empty if
    none.
    """
    schema = _schema(node.target)
    if schema is None:
        return ""
    can, taken = _parameters(call), 0
    for index, (name, keyword_only, default) in enumerate(schema):
        fits = (
            (can.any_keyword or name in can.names)
            if keyword_only
            else (can.positional is None or taken < can.positional)
        )
        taken += fits and not keyword_only
        given = node.args[index] if index < len(node.args) else node.kwargs.get(name, default)
        if not fits and name not in _HARMLESS and given is not default and given != default:
            return f"its argument {name}={given} is not supported"
    return ""


def _is_dynamic(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return any(not isinstance(n, int) for n in value.shape)
    if isinstance(value, (tuple, list)):
        return any(_is_dynamic(v) for v in value)
    return isinstance(value, torch.SymInt)


def _meta(value: Any) -> Any:
    if isinstance(value, Node):
        return value.meta.get("val")
    return [_meta(v) for v in value] if isinstance(value, (tuple, list)) else value


def has_dynamic_shapes(node: Node) -> bool:
    """Whether a length of the node's result or of one of its arguments is known only at run time."""
    return _is_dynamic(node.meta.get("val")) or any(
        _is_dynamic(_meta(a)) for a in (*node.args, *node.kwargs.values())
    )


def has_dynamic_shapes_in_args(positions: list[int] | None = None) -> Callable[..., bool]:
    """A validator: whether arguments at these positions (all of them by default) have dynamic shapes."""

    def check(node: Node, settings: CompilationSettings | None = None) -> bool:
        chosen = range(len(node.args)) if positions is None else positions
        return any(_is_dynamic(_meta(node.args[i])) for i in chosen if i < len(node.args))

    return check


def has_static_shapes_in_args(positions: list[int] | None = None) -> Callable[..., bool]:
    """A validator: whether arguments at these positions (all of them by default) have static shapes."""
    dynamic = has_dynamic_shapes_in_args(positions)
    return lambda node, settings=None: not dynamic(node, settings)


def choose(
    node: Node, settings: CompilationSettings, disallowed: frozenset[str] = frozenset()
) -> tuple[ConverterSupport | None, str]:
    """The converter for a node, or None and the reason why there is none."""
    if disallowed and (is_named(node.target, disallowed)):
        return None, "torch_executed_ops keeps it in PyTorch"
    entries = TABLE.get(node.target)
    if not entries:
        return None, "there is no converter for it"
    reasons = []
    for entry in entries:
        reason = entry.refusal(node, settings)
        if not reason:
            return entry, ""
        reasons.append(reason)
    return None, "; ".join(dict.fromkeys(reasons))


@functools.cache
def spellings(target: Target) -> frozenset[str]:
    """Every name under which a user may write an operator."""
    names = {target_name(target), str(target)}
    if isinstance(target, torch._ops.OpOverload):
        packet = target_name(target.overloadpacket)
        names |= {packet, packet.removeprefix("torch.ops."), target_name(target).removeprefix("torch.ops.")}
        names |= {target.name(), target._schema.name, f"torch.ops.{target}"}
    return frozenset(names)


def is_named(target: Target, names: frozenset[str]) -> bool:
    """Whether a set of names has this operator in it."""
    return not names.isdisjoint(spellings(target))


def names_of(targets: Any) -> frozenset[str]:
    """torch_executed_ops as a set of names: targets and strings mixed."""
    return frozenset(t if isinstance(t, str) else target_name(t) for t in targets)
