"""Modules of the package import downwards only: no import at load time closes a circle."""

import ast
from pathlib import Path

import pytest
import torch_tensorrt

ROOT = Path(torch_tensorrt.__file__).parent
PACKAGE = ROOT.name


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES: dict[str, Path] = {module_name(file): file for file in sorted(ROOT.rglob("*.py"))}


def load_time_nodes(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that run when a module is imported; those under `if TYPE_CHECKING` do not."""
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            found += load_time_nodes(node.orelse)
            continue
        found.append(node)
        for field in ("body", "orelse", "finalbody"):
            found += load_time_nodes(getattr(node, field, []))
    return found


def targets(node: ast.stmt, inside: str) -> set[str]:
    """Modules of the package that an import statement loads, the nearest existing ones."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = absolute(node, inside)
        names = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in FILES else base for alias in node.names]
    else:
        return set()
    return {name for name in names if name in FILES}


def absolute(node: ast.ImportFrom, inside: str) -> str:
    if not node.level:
        return node.module or ""
    package = inside if FILES[inside].name == "__init__.py" else inside.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def edges() -> dict[str, set[str]]:
    found = {}
    for name, file in FILES.items():
        nodes = load_time_nodes(ast.parse(file.read_text()).body)
        found[name] = {target for node in nodes for target in targets(node, name)} - {name}
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Some circle, or nothing."""
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for target in sorted(graph[name]):
            if found := visit(target):
                return found
        path.pop()
        done.add(name)
        return []

    for name in sorted(graph):
        if found := visit(name):
            return found
    return []


def test_no_import_closes_a_circle() -> None:
    found = circle(edges())
    assert not found, " -> ".join(found)


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


@pytest.mark.parametrize("name", FILES)
def test_siblings_are_imported_by_module(name: str) -> None:
    """`from torch_tensorrt import X` asks the package, which may not be whole yet, for what a module has."""
    if name == PACKAGE:
        return
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.ImportFrom) and absolute(node, name) == PACKAGE:
            modules = [
                alias.name for alias in node.names if f"{PACKAGE}.{alias.name}" in FILES or alias.name == "_C"
            ]
            assert len(modules) == len(node.names), f"{name}:{node.lineno} {ast.unparse(node)}"
