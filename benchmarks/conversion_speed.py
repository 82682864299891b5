"""Seconds that our own front end takes per 1000 aten nodes.

    python benchmarks/conversion_speed.py

One chain of many blocks; torch.export and the engine build are shown apart.
"""

from __future__ import annotations

import time
import warnings

import torch
import torch_tensorrt


class Mlp(torch.nn.Module):
    """A chain of linear, gelu, add and layer norm: `depth` blocks of 5 aten nodes."""

    def __init__(self, depth: int, width: int = 64) -> None:
        super().__init__()
        self.linears = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(depth))
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(width) for _ in range(depth))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for linear, norm in zip(self.linears, self.norms, strict=True):
            x = norm(x + torch.nn.functional.gelu(linear(x)) * 0.5)
        return x


def main(depth: int = 200) -> None:
    warnings.simplefilter("ignore")
    device = torch_tensorrt.provider().device
    model = Mlp(depth).eval().to(device)
    x = torch.randn(4, 64, device=device)
    # Lazy imports are not conversion.
    torch_tensorrt.compile(Mlp(2).eval().to(device), inputs=[x], min_block_size=1)
    start = time.perf_counter()
    program = torch.export.export(model, (x,))
    export_s = time.perf_counter() - start
    nodes = sum(node.op == "call_function" for node in program.graph.nodes)
    start = time.perf_counter()
    compiled = torch_tensorrt.dynamo.compile(program, inputs=[x], min_block_size=1)
    total_s = time.perf_counter() - start
    build_s = sum(engine.seconds["build"] for engine in compiled.report.engines)
    torch.testing.assert_close(compiled(x), model(x))
    ours_s = total_s - build_s
    print(
        f"{nodes} aten nodes: export {export_s:.2f} s, our front end {ours_s:.2f} s, "
        f"engine build {build_s:.2f} s"
    )
    print(f"our front end per 1000 nodes: {ours_s / nodes * 1000:.3f} s (limit 0.5 s)")


if __name__ == "__main__":
    main()
