"""Networks whose runs should allocate nothing once their shapes have been seen.

    python -m tests.engine._arena_networks      under allocation_counter.c; tells what each run allocated
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TORCHTRT_PROVIDER", "embedded")

import torch  # noqa: E402
import torch_tensorrt  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

# isort: split
import tensorrt as trt  # noqa: E402

from tests.engine._case import TORCH_OF, Log, build_engine, sample  # noqa: E402
from tests.engine._control import If, Loop, add, length, relu, scalar  # noqa: E402
from tests.engine._memory import empty, run_context  # noqa: E402
from tests.engine._session import on_device  # noqa: E402


@dataclass
class Family:
    """An engine with one output, and inputs for several runs of one context."""

    plan: bytes
    rounds: list[list[torch.Tensor]]
    reference: Callable[..., torch.Tensor]
    """In PyTorch, on the CPU."""

    def __post_init__(self) -> None:
        self.log = Log()
        self.engine = trt.Runtime(self.log).deserialize_cuda_engine(self.plan)
        assert self.engine is not None, self.log.text

    def context(self, **how: Any) -> trt.IExecutionContext:
        return self.engine.create_execution_context(**how)

    def prepare(
        self, context: trt.IExecutionContext, inputs: Sequence[torch.Tensor]
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Inputs and the output by name, on the engine's device, with their shapes set."""
        names = [self.engine.get_tensor_name(i) for i in range(self.engine.num_io_tensors)]
        given = {name: on_device(x) for name, x in zip(names, inputs, strict=False)}
        for name, x in given.items():
            assert context.set_input_shape(name, tuple(x.shape)), self.log.text
        (output,) = names[len(inputs) :]
        shape, kind = tuple(context.get_tensor_shape(output)), TORCH_OF[self.engine.get_tensor_dtype(output)]
        if -1 not in shape:
            return given, {output: empty(shape, kind)}
        return given, {output: empty((context.get_max_output_size(output) // kind.itemsize,), kind)}

    def check(self, result: torch.Tensor, inputs: Sequence[torch.Tensor]) -> None:
        with torch.no_grad():
            expected = self.reference(*inputs)
        result = result.cpu().view(-1)[: expected.numel()].view(expected.shape)
        torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3, check_dtype=False)

    def run(self, context: trt.IExecutionContext, inputs: Sequence[torch.Tensor]) -> None:
        """One run that is right."""
        given, outputs = self.prepare(context, inputs)
        assert run_context(context, given, outputs), self.log.text
        self.check(*outputs.values(), inputs)


class Block(nn.Module):
    """A transformer's layer with its norms first."""

    def __init__(self, width: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, count, width = x.shape
        split = self.qkv(self.first(x)).view(batch, count, 3, self.heads, width // self.heads)
        q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        return x + self.down(F.gelu(self.up(self.second(x)), approximate="tanh" if self.causal else "none"))


class Transformer(nn.Module):
    """Ids to hidden states (as MiniLM), or to logits (as GPT-2)."""

    def __init__(self, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        self.table, self.norm = nn.Embedding(500, 64), nn.LayerNorm(64)
        self.blocks = nn.Sequential(*[Block(64, 4, causal) for _ in range(2)])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.blocks(self.table(ids)))
        return x @ self.table.weight.t() if self.causal else x


class Residual(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(before, after, 3, stride, 1), nn.Conv2d(after, after, 3, 1, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(after) for _ in range(2)])
        self.short = nn.Conv2d(before, after, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.norms[0](self.one(x)))
        return F.relu(self.norms[1](self.two(y)) + self.short(x))


def resnet() -> nn.Module:
    stem = [nn.Conv2d(3, 16, 7, 2, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    blocks = [Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 32, 1)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


def compiled(make: Callable[[], nn.Module], x: torch.Tensor) -> Family:
    torch.manual_seed(0)
    model = make().eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(model, (x,))
        plan = torch_tensorrt.dynamo.convert_exported_program_to_serialized_trt_engine(program, inputs=[x])
    return Family(plan, [[x]] * 3, model)


def built(build: Any, rounds: list[list[torch.Tensor]], reference: Any, dynamic: Any = False) -> Family:
    plan, log = build_engine(build, rounds[0], dynamic)
    assert plan is not None, log
    return Family(plan, rounds, reference)


def shapes(counts: Sequence[int] = (5, 40, 5, 17, 40, 17, 5)) -> Family:
    """Products, softmax and views over a length that changes from run to run."""
    weights = sample((32, 32)) / 4

    def build(n: Any, x: trt.ITensor) -> Any:
        w = n.constant(weights)
        none, transpose = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
        for _ in range(3):
            y = n.add_matrix_multiply(x, none, w, none).get_output(0)
            scores = n.add_softmax(n.add_matrix_multiply(y, none, x, transpose).get_output(0))
            scores.axes = 2
            x = add(n, n.add_matrix_multiply(scores.get_output(0), none, y, none).get_output(0), x)
        return relu(n, x)

    def reference(x: torch.Tensor) -> torch.Tensor:
        for _ in range(3):
            y = x @ weights
            x = (y @ x.t()).softmax(1) @ y + x
        return x.relu()

    rounds = [[sample((count, 32), seed=i)] for i, count in enumerate(counts)]
    return built(build, rounds, reference, [((1, 32), (8, 32), (64, 32))])


def loop() -> Family:
    def build(n: Any, x: trt.ITensor, start: trt.ITensor) -> Any:
        loop = Loop(n, length(n, x))
        each = loop.each(x)
        total = loop.loop.add_recurrence(start)
        present = relu(n, add(n, relu(n, total.get_output(0)), each))
        total.set_input(1, present)
        return loop.last(total.get_output(0))

    def reference(x: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
        for row in x:
            start = (start.relu() + row).relu()
        return start

    rounds = [[sample((count, 50)), sample((50,))] for count in (6, 6, 3, 6, 3)]
    return built(build, rounds, reference, [((1, 50), (6, 50), (9, 50)), None])


def conditional() -> Family:
    """Branches that allocate differently, taken in turn."""

    def build(n: Any, x: trt.ITensor, which: trt.ITensor) -> Any:
        branch = If(n, which)
        (inside,) = branch.take(x)
        wide = relu(n, n.add_concatenation([inside, add(n, inside, inside), inside]).get_output(0))
        middle = n.add_slice(wide, (30, 0), (30, 20), (1, 1)).get_output(0)
        return branch.give(relu(n, add(n, inside, inside)), add(n, middle, inside))

    def reference(x: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        return (x + x).relu() if which else (x + x).relu() + x

    rounds = [[sample((30, 20)), torch.tensor(which)] for which in (True, False, True, False, False, True)]
    return built(build, rounds, reference)


def non_zero() -> Family:
    def build(n: Any, x: trt.ITensor) -> Any:
        return n.add_non_zero(relu(n, add(n, x, x)))

    x = sample((20, 30))
    return built(build, [[x]] * 3, lambda x: x.relu().nonzero().t())


def lengths_by_data() -> Family:
    """The positions of positive numbers, doubled; how many there are changes from run to run."""

    def build(n: Any, x: trt.ITensor) -> Any:
        found = n.add_non_zero(relu(n, x)).get_output(0)
        return add(n, add(n, found, found), scalar(n, [[1], [1]]))

    rounds = [[sample((8, 50), seed=i) + i % 3 - 1] for i in range(12)]
    return built(build, rounds, lambda x: x.relu().nonzero().t() * 2 + 1)


FAMILIES: dict[str, Callable[[], Family]] = {
    "minilm": lambda: compiled(lambda: Transformer(False), torch.arange(48).view(1, 48)),
    "gpt2": lambda: compiled(lambda: Transformer(True), torch.arange(40).view(1, 40)),
    "resnet": lambda: compiled(resnet, sample((1, 3, 64, 64))),
    "shapes": shapes,
    "loop": loop,
    "conditional": conditional,
    "non_zero": non_zero,
    "lengths_by_data": lengths_by_data,
}


def count(family: Family) -> list[tuple[str, int]]:
    """What each run allocated, with the shapes and the choices that it had."""
    counter, context, found = ctypes.CDLL(None), family.context(), []
    for inputs in family.rounds:
        given, outputs = family.prepare(context, inputs)
        for name, x in {**given, **outputs}.items():
            assert context.set_tensor_address(name, x.data_ptr())
        counter.counter_start()
        done = context.execute_async_v3(0)
        found.append((str([list(x.shape) or x.item() for x in inputs]), counter.counter_stop()))
        assert done, family.log.text
        family.check(*outputs.values(), inputs)
    return found


def peak(family: Family) -> int:
    """Bytes that are resident at most during the runs of a context, beyond what there was before."""
    (inputs, *_), context = family.rounds, family.context()
    given, outputs = family.prepare(context, inputs)
    before = _status("VmRSS")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    for _ in range(3):
        assert run_context(context, given, outputs), family.log.text
    return _status("VmHWM") - before


def _status(field: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))


def chain() -> Family:
    """Large tensors one behind the other, each 40 MB and more."""

    def build(n: Any, x: trt.ITensor) -> Any:
        for _ in range(4):
            x = n.add_softmax(x).get_output(0)
            x = n.add_unary(x, trt.UnaryOperation.SQRT).get_output(0)
        return n.add_reduce(x, trt.ReduceOperation.SUM, 1, False)

    def reference(x: torch.Tensor) -> torch.Tensor:
        for _ in range(4):
            x = x.softmax(0).sqrt()
        return x.sum(0)

    return built(build, [[sample((100, 100_000))]], reference)


if __name__ == "__main__":
    if sys.argv[1:] == ["peak"]:
        print(json.dumps(peak(chain())))
    else:
        print(json.dumps({name: count(FAMILIES[name]()) for name in sys.argv[1:] or FAMILIES}))
