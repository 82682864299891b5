"""The registry of converters under its public names: a mapping that validates when asked with a node."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from torch.fx import Node
from torch.fx.node import Target, _get_qualified_name

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion import _registry
from torch_tensorrt.dynamo.conversion._context import ConversionContext
from torch_tensorrt.dynamo.conversion._registry import (
    TABLE,
    ConverterPriority,
    ConverterSupport,
    dynamo_tensorrt_converter,
    has_dynamic_shapes,
    has_dynamic_shapes_in_args,
    has_static_shapes_in_args,
)

DYNAMO_ATEN_CONVERTERS = TABLE


class ConverterRegistry:
    """All converters by operator; `registry[node]` gives (converter, facts) of the one that takes it."""

    def __init__(self, registry: dict[Target, list[ConverterSupport]]) -> None:
        self.registries = [registry]
        self.registry = registry
        self.disallowed_targets: frozenset[str] = frozenset()
        self.compilation_settings = CompilationSettings()

    def set_disallowed_targets(self, torch_executed_ops: Collection[Target | str]) -> None:
        """Operators that have no converter from now on."""
        self.disallowed_targets = _registry.names_of(torch_executed_ops)

    def set_compilation_settings(self, compilation_settings: CompilationSettings) -> None:
        """Settings that validators see."""
        self.compilation_settings = compilation_settings
        self.set_disallowed_targets(compilation_settings.torch_executed_ops)

    def choose(self, node: Node) -> tuple[ConverterSupport | None, str]:
        """The converter for a node, or None and the reason in words."""
        return _registry.choose(node, self.compilation_settings, self.disallowed_targets)

    def __getitem__(self, key: Target | Node) -> Any:
        found = self.get(key)
        if found is None:
            raise KeyError(f"None of the converter registries have a validated entry for {key}")
        return found

    def get(self, key: Target | Node, value: Any = None) -> Any:
        """(converter, facts) for a node, the first converter for a target, or `value`."""
        if isinstance(key, Node):
            entry, _ = self.choose(key)
            return (entry.converter_implementation, _facts(entry)) if entry else value
        if _registry.is_named(key, self.disallowed_targets) or not self.registry.get(key):
            return value
        entry = self.registry[key][0]
        return entry.converter_implementation, _facts(entry)

    def __contains__(self, key: Target | Node) -> bool:
        return self.get(key) is not None

    def keys(self) -> Iterator[Target]:
        """Every operator with a converter."""
        return iter(self.registry)

    def unique_targets(self) -> set[Target]:
        """Every operator with a converter, as a set."""
        return set(self.registry)

    @staticmethod
    def qualified_name_or_str(target: Target) -> str:
        """An operator's name as the public interface writes it."""
        return target if isinstance(target, str) else _get_qualified_name(target)

    def get_all_converters_with_target(
        self, target: Target, return_registry_info: bool = False
    ) -> list[ConverterSupport] | tuple[list[ConverterSupport], dict[str, int]]:
        """Converters of an operator in the order in which they are tried."""
        entries = list(self.registry.get(target, []))
        return (
            (entries, {"Dynamo ATen Converters Registry": len(entries)}) if return_registry_info else entries
        )

    def get_converter_support_info(self) -> dict[str, dict[str, int]]:
        """Number of converters per operator."""
        name = "Dynamo ATen Converters Registry"
        return {self.qualified_name_or_str(t): {name: len(entries)} for t, entries in self.registry.items()}

    def display_all_available_converters(self) -> str:
        """A list of all operators with converters, for people."""
        lines = sorted(f"{name}: {sum(n.values())}" for name, n in self.get_converter_support_info().items())
        return "Available converters:\n" + "\n".join(lines)


def _facts(entry: ConverterSupport) -> dict[str, bool]:
    return {
        "supports_dynamic_shapes": entry.supports_dynamic_shapes,
        "requires_output_allocator": entry.requires_output_allocator,
        "requires_native_multidevice": entry.requires_native_multidevice,
    }


DYNAMO_CONVERTERS = ConverterRegistry(DYNAMO_ATEN_CONVERTERS)

__all__ = [
    "DYNAMO_ATEN_CONVERTERS",
    "DYNAMO_CONVERTERS",
    "ConversionContext",
    "ConverterPriority",
    "ConverterRegistry",
    "ConverterSupport",
    "dynamo_tensorrt_converter",
    "has_dynamic_shapes",
    "has_dynamic_shapes_in_args",
    "has_static_shapes_in_args",
]
