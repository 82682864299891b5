"""Random networks of up to 50 layers: every layer by itself, and the optimised whole."""

import os

import pytest
import torch

from tests.engine._case import build_engine, device, run_engine
from tests.engine._random_network import Recipe, Value, add_to, eager_values, exact_of, make_recipe, range_of
from tests.engine._random_steps import SMOOTH, STEPPED
from tests.util.oracle import assert_as_good_as_eager, assert_close_or_as_good

SEEDS = range(int(os.environ.get("TORCHTRT_TEST_NETWORKS", "12")))
"""More of them look further: TORCHTRT_TEST_NETWORKS=1000."""
TYPES = [torch.float32, torch.float16, torch.bfloat16]


def run_recipe(recipe: Recipe, wanted: list[Value], dynamic: bool) -> list[torch.Tensor]:
    def build(net, *inputs):
        add_to(recipe, net, inputs)
        return [net.add_identity(value.tensor).get_output(0) for value in wanted]

    inputs = [value.exact.to(value.dtype) for value in recipe.inputs]
    plan, log = build_engine(build, inputs, [range_of(x.shape, dynamic) for x in inputs])
    assert plan is not None, f"{log}\n{recipe.describe()}"
    return run_engine(plan, inputs)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", TYPES)
def test_every_layer_by_itself(dtype: torch.dtype, seed: int, dynamic: bool) -> None:
    """All tensors are outputs; each is what its layer makes of the engine's results before it."""
    recipe = make_recipe(seed, 10 + 4 * (seed % 11), dtype, SMOOTH + STEPPED, dynamic)
    made = [value for _, value in recipe.steps]
    outputs = run_recipe(recipe, made, dynamic)
    results = {id(v): v.exact.to(v.dtype) for v in recipe.inputs}
    results |= {id(value): output for value, output in zip(made, outputs, strict=True)}
    for value in made:
        sources = [results[id(source)] for source in value.sources]
        exact = value.meaning(*map(exact_of, sources))
        eager = value.meaning(*(source.to(device()) for source in sources)).to(value.dtype).cpu()
        try:
            assert_close_or_as_good(
                results[id(value)], eager, lambda exact=exact: exact, exact.to(value.dtype)
            )
        except AssertionError as error:
            raise AssertionError(f"{value.layer}: {error}\n{recipe.describe()}") from error


def in_units(values: list[Value], results: list[torch.Tensor]) -> torch.Tensor:
    """All elements in one tensor, each in units of the greatest of its value."""
    scaled = []
    for value, result in zip(values, results, strict=True):
        assert tuple(result.shape) == value.shape
        unit = max(value.exact.abs().max().item(), 1e-3) if value.exact.numel() else 1
        scaled.append((result / unit).flatten())
    return torch.cat(scaled)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", TYPES)
def test_the_whole(dtype: torch.dtype, seed: int, dynamic: bool) -> None:
    """Only what nobody reads is an output, so that layers are fused; as good as PyTorch against float64.

    The oracle sees all outputs at once, each in units of its greatest element: some have one element only.
    Roundings may by chance add up to more than PyTorch's; then an engine that fuses nothing is the judge.
    """
    recipe = make_recipe(100 + seed, 10 + 4 * (seed % 11), dtype, SMOOTH, dynamic)
    leaves = recipe.leaves
    computed = eager_values(recipe)
    ours = in_units(leaves, run_recipe(recipe, leaves, dynamic))
    eager = in_units(leaves, [computed[id(value)].cpu() for value in leaves])
    exact = in_units(leaves, [value.exact for value in leaves])
    try:
        assert_close_or_as_good(ours, eager, lambda: exact)
    except AssertionError:
        every = [value for _, value in recipe.steps]
        alone = dict(zip(map(id, every), run_recipe(recipe, every, dynamic), strict=True))
        try:
            assert_as_good_as_eager(ours, in_units(leaves, [alone[id(value)] for value in leaves]), exact)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{recipe.describe()}") from error
