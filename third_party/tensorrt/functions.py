"""Writes one member function of the interface as C++: its declaration and, where it has one, its body."""

import re
from typing import Any

from abi import Abi, Entity, has_body, split

Function = dict[str, Any]


def declarator(written: str, name: str) -> str:
    """`int32_t[8]`, `d` -> `int32_t d[8]`."""
    array = re.search(r"(\[\d+\])+$", written)
    if array:
        return f"{written[: array.start()].rstrip()} {name}{array.group()}"
    return f"{written} {name}".rstrip()


def parameters(function: Function, named: bool, defaults: bool = True) -> str:
    """The parameter list. Parameters without a name get one where the body passes them all on."""
    texts = []
    passes_all = "forwards" in function and "arguments" not in function
    for i, (name, written, *default) in enumerate(function["params"]):
        text = (
            declarator(written, name or (f"p{i}" if passes_all else "")) if named else declarator(written, "")
        )
        texts.append(text + (f" = {default[0]}" if defaults and default else ""))
    return ", ".join(texts)


def _member_for(abi: Abi, entity: Entity, owner: str) -> str:
    """The expression that reaches an object of class `owner`: `mImpl->`, `mLayer->`, or the object itself."""
    if owner == entity.short:
        return ""
    holder: Entity | None = entity
    while holder:
        for name, written, *_ in holder.entry["members"]:
            if split(written.rstrip(" *"))[1] == owner:
                return f"{name}->"
        base = abi.resolve(next(iter(holder.entry["bases"]), None), holder.scope)
        holder = abi.entities[base] if base else None
    raise LookupError(f"{entity.name} has no member that points to {owner}")


def _version_answer(plugin_version: str) -> str:
    return (
        f"static_cast<int32_t>((static_cast<uint32_t>(PluginVersion::{plugin_version}) << 24U)"
        " | (static_cast<uint32_t>(NV_TENSORRT_VERSION) & 0xFFFFFFU))"
    )


def _body(abi: Abi, entity: Entity, function: Function) -> tuple[str, bool]:
    """The body, and whether it uses the parameters."""
    if "forwards" in function:
        owner, name = split(function["forwards"][0])
        passed = [p[0] or f"p{i}" for i, p in enumerate(function["params"])]
        arguments = ", ".join(function["arguments"][0] if "arguments" in function else passed)
        call = f"{_member_for(abi, entity, owner)}{name}({arguments})"
        return (f"{{ {call}; }}" if function["returns"] == "void" else f"{{ return {call}; }}"), True
    if "plugin_version" in function:
        return f"{{ return {_version_answer(function['plugin_version'])}; }}", False
    if "answers" in function:
        return f"{{ return {function['answers']}; }}", False
    if function["name"] == "getInterfaceInfo":
        kind, major, minor = entity.entry["interface"]
        return f'{{ return {{"{kind}", {major}, {minor}}}; }}', False
    return "{}", False


def _destructor(entity: Entity, function: Function, overrides: bool) -> str:
    head = "" if overrides else "virtual "
    tail = " override" if overrides else ""
    return (
        f"{head}{function['name']}() noexcept{tail} = {'0' if function.get('pure') is True else 'default'};"
    )


def base_slots(abi: Abi, entity: Entity) -> int:
    """Entries of the virtual table that come from the base."""
    base = abi.resolve(next(iter(entity.entry["bases"]), None), entity.scope)
    return abi.entities[base].entry.get("slots", 0) if base else 0


def declaration(abi: Abi, entity: Entity, function: Function) -> str:
    """The function as it stands inside the class."""
    overrides = "slot" in function and function["slot"] < base_slots(abi, entity)
    if function["returns"] is None:
        return _destructor(entity, function, overrides)
    body, uses = _body(abi, entity, function) if has_body(function) else ("", True)
    text = f"{function['returns']} {function['name']}({parameters(function, named=uses)})"
    text += " const" if function["const"] else ""
    text += "" if function.get("noexcept") is False else " noexcept"
    if "slot" in function:
        text = text if overrides else f"virtual {text}"
        text += " override" if overrides else ""
        text += " final" if function.get("final") else ""
    return f"{text} {body}" if body else f"{text} = 0;"


def cast_type(function: Function, owner: str) -> str:
    """The pointer-to-member type that picks this function among its overloads."""
    const = " const" if function["const"] else ""
    return f"{function['returns']} ({owner}::*)({parameters(function, named=False, defaults=False)}){const}"
