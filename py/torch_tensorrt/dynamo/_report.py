"""What a compilation did: operators in engines and in PyTorch with reasons, engines with inputs, types and
times.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import Any

from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion._source import describe, source_of
from torch_tensorrt.dynamo.partitioning import Partition

logger = logging.getLogger(__name__)


@dataclass
class EngineReport:
    """One engine."""

    name: str
    operators: int
    inputs: list[str]
    outputs: list[str]
    layers: int = 0
    weight_types: dict[str, int] = field(default_factory=dict)
    """Type -> bytes of the weights and constants in the network."""
    seconds: dict[str, float] = field(default_factory=dict)
    bytes: int = 0

    def __str__(self) -> str:
        types = ", ".join(
            f"{name} {size / 2**20:.1f} MiB" for name, size in sorted(self.weight_types.items())
        )
        times = ", ".join(f"{phase} {spent:.2f} s" for phase, spent in self.seconds.items())
        lines = [
            f"{self.name}: {self.operators} operators" + (f", {self.layers} layers" if self.layers else "")
        ]
        lines += [f"  inputs  {', '.join(self.inputs)}", f"  outputs {', '.join(self.outputs)}"]
        lines += [f"  weights {types}"] if types else []
        lines += [f"  times   {times}"] if times else []
        return "\n".join(lines)


@dataclass
class CompileReport:
    """A whole compilation; `print(compiled.report)` shows it."""

    operators: int
    in_engines: int
    supported: int
    left_out: dict[str, tuple[int, str, str]]
    """Operator in PyTorch -> (how often, why, where the first one stands)."""
    engines: list[EngineReport]
    settings: CompilationSettings
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, parts: Partition, settings: CompilationSettings, specs: dict[str, list[Input]]
    ) -> CompileReport:
        """What is known after partitioning."""
        left_out: dict[str, tuple[int, str, str]] = {}
        for node, reason in parts.left_out:
            count, why, where = left_out.get(str(node.target), (0, reason, source_of(node)))
            left_out[str(node.target)] = (count + 1, why, where)
        engines = []
        for g, group in enumerate(parts.groups):
            if group.in_engine:
                engines.append(_engine(parts, f"_run_on_acc_{g}", group.size, specs))
        return cls(parts.operators, parts.in_engines, parts.supported, left_out, engines, settings)

    @property
    def coverage(self) -> float:
        """Share of operators that run in engines."""
        return self.in_engines / self.operators if self.operators else 0.0

    def recommended_block_size(self) -> int:
        """The smallest engine of all: a min_block_size above it leaves that one to PyTorch."""
        return min((e.operators for e in self.engines), default=self.settings.min_block_size)

    def __str__(self) -> str:
        sizes = [e.operators for e in self.engines]
        lines = [
            f"Operators: {self.in_engines} of {self.operators} in engines ({100 * self.coverage:.1f} %), "
            f"{self.supported} have a converter",
            f"Engines: {len(self.engines)}"
            + (
                f", operators per engine: average {sum(sizes) / len(sizes):.1f}, most {max(sizes)}"
                if sizes
                else ""
            ),
        ]
        lines += [line for e in self.engines for line in str(e).splitlines()]
        lines += ["In PyTorch:"] if self.left_out else ["In PyTorch: nothing"]
        lines += [
            f"  {target} ({n}x): {why}\n    first at {where}"
            for target, (n, why, where) in self.left_out.items()
        ]
        lines += [
            f"Smallest engine: {self.recommended_block_size()} operators "
            f"(min_block_size={self.settings.min_block_size})"
        ]
        if self.seconds:
            lines.append(
                "Times: " + ", ".join(f"{phase} {spent:.2f} s" for phase, spent in self.seconds.items())
            )
        return "\n".join(lines)


def _engine(parts: Partition, name: str, size: int, specs: dict[str, list[Input]]) -> EngineReport:
    module: Any = getattr(parts.module, name)
    nodes = list(module.graph.nodes)
    inputs = [f"{n.name}: {describe(n)}" for n in nodes if n.op == "placeholder"]
    for i, spec in enumerate(specs.get(name, [])):
        if isinstance(spec.shape, dict):
            low, high = spec.shape["min_shape"], spec.shape["max_shape"]
            inputs[i] += f" from {list(low)} to {list(high)}"
    return EngineReport(name, size, inputs, [f"{n.name}: {describe(n)}" for n in nodes[-1].all_input_nodes])


def dryrun(report: CompileReport, where: bool | str) -> None:
    """Shows the report of a compilation that was only planned; a string names a new file to write it to."""
    text = f"Dry run: no engine was built\n{report}\nSettings: {report.settings}"
    logger.info("%s", text)
    print(text)
    if isinstance(where, str):
        if os.path.exists(where):
            logger.warning("The dry run was not written to %s: the file exists", where)
            return
        with open(where, "w", encoding="utf-8") as file:
            file.write(text + "\n")
