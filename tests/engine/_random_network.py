"""Random networks: valid by construction, with the PyTorch meaning of every layer beside it.

A step (see _random_steps.py) looks at the tensors made so far and proposes a layer: how to add it, and what
it computes. A proposal is taken if its values stay small and finite, so that fifty layers in a row neither
overflow nor lose meaning.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorrt as trt
import torch

from tests.engine._case import TRT_OF, Net, Range, device, growing, sample
from tests.engine._session import Session

MOST_ELEMENTS = 4096
GREATEST = 64.0

Meaning = Callable[..., torch.Tensor]


@dataclass
class Value:
    """A tensor of the network: `meaning` of its `sources`, or, without, an input."""

    dtype: torch.dtype
    exact: torch.Tensor
    """By float64 arithmetic from the network's inputs on; integers and booleans as they are."""
    meaning: Meaning | None = None
    sources: tuple[Value, ...] = ()
    tensor: trt.ITensor | None = None
    layer: str = "input"
    lengths: tuple[int, ...] = ()
    """As the network knows them: -1 for one of run time."""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.exact.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype.is_floating_point


@dataclass
class Proposal:
    """A layer to add: `add(net, *tensors)` answers the ITensor, `meaning(*values)` what it is."""

    name: str
    sources: Sequence[Value]
    add: Callable[..., Any]
    meaning: Meaning
    dtype: torch.dtype | None = None
    """Of the result; default: that of the first source."""


@dataclass
class Recipe:
    """What a seed makes: inputs and layers in order, to be put into any network."""

    inputs: list[Value] = field(default_factory=list)
    steps: list[tuple[Proposal, Value]] = field(default_factory=list)

    @property
    def values(self) -> list[Value]:
        return self.inputs + [value for _, value in self.steps]

    @property
    def leaves(self) -> list[Value]:
        """Results that no layer reads."""
        read = {id(source) for proposal, _ in self.steps for source in proposal.sources}
        return [value for _, value in self.steps if id(value) not in read]

    def describe(self) -> str:
        number = {id(value): i for i, value in enumerate(self.values)}
        lines = [f"{i}: input {v.dtype} {list(v.shape)}" for i, v in enumerate(self.inputs)]
        for proposal, value in self.steps:
            sources = ", ".join(str(number[id(s)]) for s in proposal.sources)
            lines.append(f"{number[id(value)]}: {proposal.name}({sources}) {value.dtype} {list(value.shape)}")
        return "\n".join(lines)


class Chooser:
    """What steps draw from: the pool of values and a repeatable source of chance."""

    def __init__(self, seed: int, dtype: torch.dtype) -> None:
        self.random = random.Random(seed)
        self.dtype = dtype
        self.values: list[Value] = []
        self._constants = 0

    def pick(self, accepts: Callable[[Value], bool]) -> Value | None:
        """A value that fits, young ones more often than old ones."""
        fitting = [value for value in self.values if accepts(value)]
        if not fitting:
            return None
        return self.random.choice(fitting[-6:] if self.random.random() < 0.7 else fitting)

    def float(self, rank: int | None = None, least_rank: int = 0) -> Value | None:
        return self.pick(
            lambda v: v.is_float and (rank is None or len(v.shape) == rank) and len(v.shape) >= least_rank
        )

    def constant(
        self, shape: Sequence[int], dtype: torch.dtype, low: float = -1, high: float = 1
    ) -> torch.Tensor:
        self._constants += 1
        return sample(shape, dtype, low, high, seed=1000 * self._constants + self.random.randrange(1000))


def like(constant: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """A constant where `x` is, in its type unless it holds integers."""
    return constant.to(x.device, x.dtype) if constant.is_floating_point() else constant.to(x.device)


def broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return len(a) == len(b) and all(m == n or 1 in (m, n) for m, n in zip(a, b, strict=True))


def exact_of(value: torch.Tensor) -> torch.Tensor:
    return value.double() if value.is_floating_point() else value


def _is_tame(result: torch.Tensor) -> bool:
    if result.numel() > MOST_ELEMENTS or result.dim() > 5:
        return False
    if result.dtype == torch.bool or result.numel() == 0:
        return True
    return bool(result.isfinite().all()) and result.abs().max().item() <= GREATEST


def range_of(shape: Sequence[int], dynamic: bool) -> Range | None:
    """All axes but the second may be one longer."""
    if not dynamic:
        return None
    return growing(torch.empty(tuple(shape)), *(axis for axis, n in enumerate(shape) if axis != 1 and n > 1))


def make_recipe(
    seed: int,
    layers: int,
    dtype: torch.dtype,
    steps: Sequence[Callable[[Chooser], Proposal | None]],
    dynamic: bool = False,
) -> Recipe:
    """`layers` layers, each by a random one of `steps`."""
    chooser, recipe, session = Chooser(seed, dtype), Recipe(), Session()
    net = Net(session.network)
    for i, shape in enumerate([(2, 3, 4), (1, 4, 6, 6), (3, 4), (2, 1, 4)]):
        value = Value(dtype, exact_of(sample(shape, dtype, -2, 2, seed=seed + i)))
        low, _, high = range_of(shape, dynamic) or (shape, shape, shape)
        value.lengths = tuple(m if m == n else -1 for m, n in zip(low, high, strict=True))
        value.tensor = session.input(f"x{i}", value.lengths, TRT_OF[dtype])
        recipe.inputs.append(value)
    chooser.values = list(recipe.inputs)
    while len(recipe.steps) < layers:
        proposal = chooser.random.choice(steps)(chooser)
        if proposal is None:
            continue
        result = proposal.meaning(*(source.exact for source in proposal.sources))
        if not _is_tame(result):
            continue
        made = Value(
            proposal.dtype or proposal.sources[0].dtype,
            result,
            proposal.meaning,
            tuple(proposal.sources),
            layer=proposal.name,
        )
        made.tensor = proposal.add(net, *(source.tensor for source in proposal.sources))
        made.lengths = tuple(made.tensor.shape)
        assert len(made.lengths) == len(made.shape), (proposal.name, made.lengths, session.logger.errors())
        recipe.steps.append((proposal, made))
        chooser.values.append(made)
    return recipe


def add_to(recipe: Recipe, net: Net, inputs: Sequence[trt.ITensor]) -> None:
    """Adds the recipe's layers; each value gets its ITensor."""
    for value, tensor in zip(recipe.inputs, inputs, strict=True):
        value.tensor = tensor
    for proposal, value in recipe.steps:
        value.tensor = proposal.add(net, *(source.tensor for source in proposal.sources))


def eager_values(recipe: Recipe) -> dict[int, torch.Tensor]:
    """By id of the value: the same computed by PyTorch in the values' own types, on the engine's device."""
    found = {id(v): v.exact.to(v.dtype).to(device()) for v in recipe.inputs}
    for proposal, value in recipe.steps:
        result = proposal.meaning(*(found[id(source)] for source in proposal.sources))
        found[id(value)] = result.to(value.dtype)
    return found
