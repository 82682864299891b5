"""The value oracle: an output is as good as eager's own in the same dtype, judged against float64.

Let e be the error of eager PyTorch in the model's dtype against the same weights and inputs evaluated in
float64. An output passes if its greatest error is at most 2 e_max plus one unit in the last place of the
output's scale, and its mean error at most 1.5 e_mean (plus the same small unit). The measure is scale free,
so it sees a leak of precision that a fixed absolute tolerance hides.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch

from tests.util.tolerance import tolerances


@dataclass(frozen=True)
class Errors:
    """Greatest and mean absolute error against the float64 reference."""

    max: float
    mean: float

    @classmethod
    def of(cls, actual: torch.Tensor, reference: torch.Tensor) -> Errors:
        difference = (actual.double().cpu() - reference.cpu()).abs()
        if difference.numel() == 0:
            return cls(0.0, 0.0)
        return cls(difference.max().item(), difference.mean().item())


def float64_reference(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The model with its weights and floating inputs as they are, evaluated in float64."""
    exact = copy.deepcopy(model).double()
    with torch.no_grad():
        return exact(*(x.double() if x.is_floating_point() else x for x in inputs))


def assert_close_or_as_good(
    actual: torch.Tensor,
    eager: torch.Tensor,
    reference: Callable[[], torch.Tensor],
    wanted: torch.Tensor | None = None,
) -> None:
    """Within the default tolerances of `wanted` (default: eager's result), or as good as eager against
    float64.

    A default tolerance is about a last place, which eager itself does not keep where it rounds twice or adds
    up in another order. The `reference` is evaluated only if it is needed.
    """
    wanted = eager if wanted is None else wanted
    try:
        torch.testing.assert_close(actual, wanted, equal_nan=True, **tolerances(wanted.dtype))
    except AssertionError:
        if not actual.is_floating_point():
            raise
        assert_as_good_as_eager(actual, eager, reference().double())


def assert_as_good_as_eager(actual: torch.Tensor, eager: torch.Tensor, reference: torch.Tensor) -> None:
    """Dtype, shape and device equal eager's; the errors pass the oracle above."""
    assert actual.dtype == eager.dtype, f"dtype {actual.dtype}, eager has {eager.dtype}"
    assert actual.shape == eager.shape, f"shape {tuple(actual.shape)}, eager has {tuple(eager.shape)}"
    assert actual.device == eager.device, f"device {actual.device}, eager has {eager.device}"
    ulp = torch.finfo(actual.dtype).eps * max(reference.abs().max().item(), torch.finfo(torch.float32).tiny)
    ours, theirs = Errors.of(actual, reference), Errors.of(eager, reference)
    assert ours.max <= 2 * theirs.max + ulp, f"greatest error {ours.max:.3g}, eager's is {theirs.max:.3g}"
    assert ours.mean <= 1.5 * theirs.mean + ulp / 8, (
        f"mean error {ours.mean:.3g}, eager's is {theirs.mean:.3g}"
    )
