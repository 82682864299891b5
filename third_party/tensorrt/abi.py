"""Reads the interface table abi-<major>.json and answers where each entity belongs and what it depends on."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

# The table lists entities in order of declaration; these names open a new public header.
BUILDER_BEGINS = "nvinfer1::ITensor"
BUILDER_ENUMS_BEGIN = "nvinfer1::LayerType"
PYTHON_BEGINS = "nvinfer1::ISymExpr"
PYTHON_ENUMS_BEGIN = "nvinfer1::PluginArgType"
BUILDER_STRUCTS = {"Permutation", "TimingCacheKey", "TimingCacheValue"}
BUILDER_FUNCTIONS = {
    "createInferBuilder_INTERNAL",
    "getBuilderPluginRegistry",
    "getBuilderSafePluginRegistry",
}

RUNTIME, BUILDER, PLUGIN = "NvInferRuntime.h", "NvInfer.h", "NvInferPlugin.h"
UTILS, ONNX, PYTHON = "NvInferPluginUtils.h", "NvOnnxParser.h", "impl/NvInferPythonPlugin.h"


def split(name: str) -> tuple[str, str]:
    """`a::b::C` -> (`a::b`, `C`)."""
    scope, _, last = name.rpartition("::")
    return scope, last


def value_type(written: str) -> str | None:
    """The type whose definition a by-value use of `written` needs; None for pointers and references."""
    written = re.sub(r"\[\d+\]$", "", written).strip()
    if written.endswith(("*", "&", "*const")):
        return None
    return written.replace("const ", "").strip()


@dataclass
class Entity:
    """One class or structure of the table."""

    name: str
    keyword: str
    entry: dict[str, Any]

    @property
    def scope(self) -> str:
        return split(self.name)[0]

    @property
    def short(self) -> str:
        return split(self.name)[1]

    def functions(self) -> Iterator[dict[str, Any]]:
        yield from self.entry["virtual"]
        yield from self.entry["calls"]


class Abi:
    """A table, with lookup the way C++ finds names."""

    def __init__(self, major: int) -> None:
        self.major = major
        self.table = json.loads((HERE / f"abi-{major}.json").read_text())
        classes = [Entity(name, "class", entry) for name, entry in self.table["classes"].items()]
        structs = [Entity(name, "struct", entry) for name, entry in self.table["structs"].items()]
        self.entities = {e.name: e for e in classes + structs}
        self._header_of = dict(self._place(classes, structs))

    def _place(self, classes: list[Entity], structs: list[Entity]) -> Iterator[tuple[str, str]]:
        yield from self._cut([e.name for e in classes], BUILDER_BEGINS, PYTHON_BEGINS)
        yield from self._cut(list(self.table["enums"]), BUILDER_ENUMS_BEGIN, PYTHON_ENUMS_BEGIN)
        for e in structs:
            yield e.name, self._by_scope(e.name) or (BUILDER if e.short in BUILDER_STRUCTS else RUNTIME)

    def _cut(self, names: list[str], builder: str, python: str) -> Iterator[tuple[str, str]]:
        header = RUNTIME
        for name in names:
            header = {builder: BUILDER, python: PYTHON}.get(name, header)
            nested = split(name)[0] in self.entities
            yield name, self._header_of_owner(name) if nested else self._by_scope(name) or header

    def _header_of_owner(self, name: str) -> str:
        return "nested in " + split(name)[0]

    def _by_scope(self, name: str) -> str | None:
        if name.startswith("nvonnxparser::") or "::" not in name:
            return ONNX
        return UTILS if name.startswith("nvinfer1::plugin::") else None

    def header_of(self, name: str) -> str:
        """The public header that defines a class, structure, enum, alias or constant."""
        if name in self._header_of:
            return self._header_of[name]
        if split(name)[0] in self.entities:
            return self._header_of_owner(name)
        target = self.resolve(self.table["aliases"].get(name, ""), split(name)[0])
        return self._by_scope(name) or (PYTHON if self._header_of.get(target or "") == PYTHON else RUNTIME)

    def resolve(self, written: str | None, scope: str) -> str | None:
        """Full name of the class or structure that `written` means inside `scope`, through aliases."""
        while written:
            candidate = f"{scope}::{written}" if scope else written
            if candidate in self.entities:
                return candidate
            if candidate in self.table["aliases"]:
                return self.resolve(value_type(self.table["aliases"][candidate]), split(candidate)[0])
            if not scope:
                return None
            scope = split(scope)[0]
        return None

    def needs(self, entity: Entity) -> set[str]:
        """Entities that have to be defined before this one."""
        written = {value_type(member[1]) for member in entity.entry["members"]} | set(entity.entry["bases"])
        for function in entity.functions():
            if has_body(function):
                written.add(value_type(function["returns"] or "void"))
                written |= {value_type(p[1]) for p in function["params"]}
            for target in function.get("forwards", []):
                owner = split(target)[0]
                written |= {owner, f"apiv::{owner}"}
        found = {self.resolve(w, entity.name) for w in written}
        return {name for name in found if name and name != entity.name}

    def in_header(self, header: str) -> list[Entity]:
        """The entities of a header, each after those that it needs."""
        done: dict[str, Entity] = {}

        def visit(name: str) -> None:
            if name not in done and self.header_of(name) == header:
                for needed in sorted(self.needs(self.entities[name]), key=list(self.entities).index):
                    visit(needed)
                done[name] = self.entities[name]

        for name in self.entities:
            visit(name)
        return list(done.values())


def has_body(function: dict[str, Any]) -> bool:
    """Whether the function is defined where it is declared."""
    if function["returns"] is None:
        return True
    return "slot" not in function or function.get("pure") is False
