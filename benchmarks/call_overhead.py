"""Cost of calling a compiled module whose engine has next to no work, beside the same call of eager PyTorch.

    python benchmarks/call_overhead.py [--calls 20000]

Prints microseconds per call (the best of several rounds) and the ratio, in one process.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
import torch_tensorrt

import tensorrt as trt  # isort: skip  (torch_tensorrt says whose it is)
from torch_tensorrt.dynamo.runtime import TorchTensorRTModule

ROUNDS = 200
"""Short rounds, the best of which counts: other work on the machine then does not."""


class Relu(torch.nn.Module):
    """The eager counterpart."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)


def engine_module() -> TorchTensorRTModule:
    """relu on one element."""
    builder = trt.Builder(torch_tensorrt.logging.TRT_LOGGER)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    x = network.add_input("x", trt.float32, (1,))
    network.mark_output(network.add_activation(x, trt.ActivationType.RELU).get_output(0))
    return TorchTensorRTModule(
        bytes(builder.build_serialized_network(network, builder.create_builder_config()))
    )


def microseconds(call: Callable[[], object], calls: int) -> float:
    """Time of one call: the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(calls // ROUNDS):
            call()
        best = min(best, (time.perf_counter() - begun) / (calls // ROUNDS))
    return best * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=20000)
    calls = parser.parse_args().calls
    device = torch_tensorrt.provider().device
    held, eager, x = engine_module(), Relu(), torch.ones(1, device=device)
    whole = torch.fx.GraphModule(torch.nn.ModuleDict({"_run_on_acc_0": held}), _graph())
    compiled = torch_tensorrt.compile(eager, ir="dynamo", inputs=[x], min_block_size=1)
    op, engine = torch.ops.tensorrt.execute_engine, held.get_engine()
    with torch.no_grad():
        rows = {
            "eager module": microseconds(lambda: eager(x), calls),
            "execute_engine": microseconds(lambda: op([x], engine), calls),
            "engine module": microseconds(lambda: held(x), calls),
            "compiled module": microseconds(lambda: whole(x), calls),
            "torch_tensorrt.compile": microseconds(lambda: compiled(x), calls),
        }
    print(f"{torch_tensorrt.provider()}\n\n{'call':<24}{'µs':>8}{'ratio':>8}")
    for name, value in rows.items():
        print(f"{name:<24}{value:>8.2f}{value / rows['eager module']:>8.2f}")


def _graph() -> torch.fx.Graph:
    graph = torch.fx.Graph()
    graph.output(graph.call_module("_run_on_acc_0", (graph.placeholder("x"),)))
    return graph


if __name__ == "__main__":
    main()
