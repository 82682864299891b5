"""Which function of the engine stands behind each virtual function of the interface, by its sources."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
API = ROOT / "core" / "engine" / "api"

CLASS = re.compile(r"(?<!enum )\b(?:class|struct) (\w+(?:::\w+)*)(?: final)?\s*(?::([^;{}()]*))?\{")
ALIAS = re.compile(r"using (\w+) =\s*([^;]*<[^;]*>);")
OVERRIDE = re.compile(r"([\w:~]+)\(([^;{}]*?)\)\s*(?:const\s*)?(?:noexcept\s*)?override\s*([{;])")
OUTSIDE = re.compile(r"\b(\w+)::(\w+)\([^;{}]*?\)\s*(?:const\s*)?(?:noexcept\s*)?\{")
ANSWER = r"(?:true|false|nullptr|-?\d+|\"\"|k\w+|[\w:]+::k\w+)"
TELLS = r"(?:[\w.()]+(?:->|\.)(?:warn|error)\((?:[^;])*\);)?"
CONSTANT = re.compile(rf"\s*{TELLS}\s*(?:return {ANSWER};)?\s*", re.S)


@dataclass
class Shell:
    """A class of the engine: what it derives from, and the bodies of its overrides, by name."""

    bases: str
    bodies: dict[str, list[str]] = field(default_factory=dict)

    def constant(self, function: str) -> bool:
        """Whether every overload answers the same always, or reports that it does nothing."""
        return all(CONSTANT.fullmatch(body) for body in self.bodies[function])


def preprocessed(major: int) -> str:
    """The sources of api/ without comments, for one major version."""
    files = [API / "majors.h", *(p for p in sorted(API.rglob("*.[hc]*")) if p.name != "majors.h")]
    lines = "\n".join(re.sub(r"^#(include|pragma).*$", "", p.read_text(), flags=re.M) for p in files)
    flags = ["-E", "-P", "-w", f"-DTORCHTRT_TENSORRT_MAJOR={major}", f"-DNV_TENSORRT_MAJOR={major}"]
    command = ["g++", *flags, "-x", "c++", "-"]
    return subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout


def block(text: str, start: int) -> str:
    """What stands between the brace before `start` and its end."""
    depth, i = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        i += 1
    return text[start : i - 1]


def bodies_outside(text: str) -> dict[tuple[str, str], list[str]]:
    """Definitions outside their classes, by class and function."""
    bodies: dict[tuple[str, str], list[str]] = {}
    for found in OUTSIDE.finditer(text):
        bodies.setdefault((found[1], found[2]), []).append(block(text, found.end()))
    return bodies


@functools.cache
def shells(major: int) -> dict[str, Shell]:
    text = preprocessed(major)
    outside = bodies_outside(text)
    result: dict[str, Shell] = {}
    for found in CLASS.finditer(text):
        name = found[1].split("::")[-1]
        shell = result[name] = Shell(found[2] or "")
        inside = block(text, found.end())
        for function in OVERRIDE.finditer(inside):
            bodies = shell.bodies.setdefault(function[1], [])
            bodies += (
                [block(inside, function.end())]
                if function[3] == "{"
                else [b for b in outside.get((name, function[1]), []) if b not in bodies]
            )
    for found in ALIAS.finditer(text):
        result.setdefault(found[1], Shell(found[2]))
    return result


def ancestry(major: int, name: str) -> Iterator[Shell]:
    """A class and those of the engine that it derives from."""
    shell = shells(major)[name]
    yield shell
    for base in re.findall(r"\w+", shell.bases):
        if base in shells(major) and base != name:
            yield from ancestry(major, base)


def implementers(major: int, interface: str) -> list[str]:
    """The classes of the engine that derive from one of the interface, or pass it on to a template."""
    pattern = re.compile(rf"\b(?:nv|nvinfer1|onnx)::(?:apiv::)?{interface}\b")
    return [name for name, shell in shells(major).items() if pattern.search(shell.bases)]


def answers(major: int, interface: str, function: str) -> list[tuple[str, Shell]]:
    """The engine's bodies of a virtual function: the nearest of each class that implements the interface."""
    result = []
    for name in implementers(major, interface):
        owner = next((shell for shell in ancestry(major, name) if function in shell.bodies), None)
        if owner is not None:
            result.append((name, owner))
    return result
