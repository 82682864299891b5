"""Constant masks of attention: those that hide nothing or the keys behind vanish, others stay."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, check, sample
from tests.engine._members import should_have
from tests.engine._passes import built, check_fused

if not should_have("INetworkDefinition.add_attention"):
    pytest.skip("these bindings know no attention", allow_module_level=True)

LENGTH = 5
CAUSAL = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril()[None, None]


def attention(mask: torch.Tensor):
    def build(n, q, k, v):
        layer = n.add_attention(q, k, v, trt.AttentionNormalizationOp.SOFTMAX, False)
        layer.mask = n.constant(mask)
        return layer.get_output(0)

    return build


def inputs(dtype=torch.float32, queries=LENGTH):
    return [sample((2, 3, queries, 8), dtype), *(sample((2, 3, LENGTH, 8), dtype, seed=i) for i in (1, 2))]


def additive(mask: torch.Tensor, dtype: torch.dtype, hidden: float) -> torch.Tensor:
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, hidden)


def reference(mask: torch.Tensor):
    exact = mask if mask.dtype == torch.bool else mask.double()
    return lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=exact, scale=1.0)


def masks(dtype):
    lowest = torch.finfo(dtype).min
    every = torch.ones(1, 1, LENGTH, LENGTH, dtype=torch.bool)
    return [
        every,
        every.expand(2, 1, -1, -1).contiguous(),
        torch.zeros(1, 1, 1, LENGTH, dtype=dtype),
        CAUSAL,
        additive(CAUSAL, dtype, lowest),
        additive(CAUSAL, dtype, float("-inf")),
    ]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("which", range(6))
def test_vanishes(dtype, which):
    mask = masks(dtype)[which]
    check_fused(attention(mask), inputs(dtype), reference(mask), "fold_attention_mask")


def one_more(mask: torch.Tensor) -> torch.Tensor:
    changed = mask.clone()
    changed[0, 0, 2, 1] = False
    return changed


STAYS = {
    "one key hidden": one_more(torch.ones(1, 1, LENGTH, LENGTH, dtype=torch.bool)),
    "one key more than causal": one_more(CAUSAL),
    "keys before": CAUSAL.transpose(2, 3).contiguous(),
    "hidden by little": additive(CAUSAL, torch.float32, -4.0),
    "one number": torch.full((1, 1, 1, LENGTH), 0.5),
}


@pytest.mark.parametrize("name", STAYS)
def test_stays(name):
    mask = STAYS[name]
    assert "fold_attention_mask" not in built(attention(mask), inputs())[1]
    check(attention(mask), inputs(), reference(mask))


def test_causal_needs_as_many_queries_as_keys():
    mask = CAUSAL[:, :, :3].contiguous()
    assert "fold_attention_mask" not in built(attention(mask), inputs(queries=3))[1]
    check(attention(mask), inputs(queries=3), reference(mask))


def test_mask_that_adds_rows_stays():
    mask = torch.ones(1, 1, LENGTH, LENGTH, dtype=torch.bool)
    assert "fold_attention_mask" not in built(attention(mask), inputs(queries=1))[1]


def test_level_0_leaves_masks():
    assert "fold_attention_mask" not in built(attention(CAUSAL), inputs(), level=0)[1]
