"""Tolerances of the test suite: torch.testing.assert_close's own, by dtype. Nothing else states any."""

import torch

_FLOATING = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7),
}


def tolerances(dtype: torch.dtype) -> dict[str, float]:
    """Keyword arguments `rtol` and `atol` of assert_close; integers and booleans are compared exactly."""
    rtol, atol = _FLOATING.get(dtype, (0.0, 0.0))
    return {"rtol": rtol, "atol": atol}
