"""Seconds that our own front end takes per 1000 aten nodes; torch.export and the engine build are shown apart."""

from __future__ import annotations

import time
import warnings

import torch
import torch_tensorrt
from torch_tensorrt.dynamo.conversion import _interpreter


class Mlp(torch.nn.Module):
    """A chain of linear, gelu, add and layer norm: `depth` blocks of 5 aten nodes."""

    def __init__(self, depth: int, width: int = 64) -> None:
        super().__init__()
        self.linears = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(depth))
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(width) for _ in range(depth))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for linear, norm in zip(self.linears, self.norms):
            x = norm(x + torch.nn.functional.gelu(linear(x)) * 0.5)
        return x


class BuildClock:
    """Adds up the time spent inside the engine's own build, so that it can be told from ours."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> BuildClock:
        self._build = _interpreter.build_engine

        def timed(*args, **kwargs):
            start = time.perf_counter()
            try:
                return self._build(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - start

        _interpreter.build_engine = timed
        return self

    def __exit__(self, *_: object) -> None:
        _interpreter.build_engine = self._build


def main(depth: int = 200) -> None:
    warnings.simplefilter("ignore")
    model = Mlp(depth).eval()
    x = torch.randn(4, 64)
    torch_tensorrt.compile(Mlp(2).eval(), inputs=[x], min_block_size=1)  # lazy imports are not conversion
    start = time.perf_counter()
    program = torch.export.export(model, (x,))
    export_s = time.perf_counter() - start
    nodes = sum(node.op == "call_function" for node in program.graph.nodes)
    with BuildClock() as clock:
        start = time.perf_counter()
        compiled = torch_tensorrt.dynamo.compile(program, inputs=[x], min_block_size=1)
        total_s = time.perf_counter() - start
    torch.testing.assert_close(compiled(x), model(x))
    ours_s = total_s - clock.seconds
    print(f"{nodes} aten nodes: export {export_s:.2f} s, our front end {ours_s:.2f} s, engine build {clock.seconds:.2f} s")
    print(f"our front end per 1000 nodes: {ours_s / nodes * 1000:.3f} s (limit 0.5 s)")


if __name__ == "__main__":
    main()
