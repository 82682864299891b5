"""The steps of random networks: each proposes a layer of one kind that fits the tensors there are.

Meanings run in float64 on the host and in the values' types on the engine's device: constants follow their
argument. The order is part of what a seed means: new steps go to the end.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.engine import _random_arithmetic as arithmetic
from tests.engine import _random_discrete as discrete
from tests.engine import _random_moves as moves
from tests.engine import _random_products as products
from tests.engine._random_network import Chooser, Proposal

Step = Callable[[Chooser], "Proposal | None"]

SMOOTH: list[Step] = [
    arithmetic.unary,
    arithmetic.activation,
    arithmetic.binary,
    arithmetic.binary_with_constant,
    arithmetic.softmax,
    arithmetic.reduction,
    products.product,
    products.product_of_two,
    products.convolution,
    products.pooling,
    products.layer_norm,
    products.scale,
    moves.transpose,
    moves.flatten,
    moves.unsqueeze,
    moves.piece,
    moves.concatenation,
    moves.gather,
    arithmetic.running_sum,
    moves.trailing_part_by_shape,
    arithmetic.parametric_relu,
    products.deconvolution,
    products.enlargement,
    products.sum_of_products,
    moves.replacement_of_rows,
    arithmetic.masked_softmax,
]
"""A small change of their inputs changes their outputs little."""

STEPPED: list[Step] = [
    discrete.comparison,
    discrete.selection,
    discrete.negation,
    discrete.rounding,
    discrete.to_integers,
    discrete.integer_arithmetic,
    discrete.greatest,
    discrete.quantization,
    discrete.one_hot,
]
"""Comparisons, roundings, orders, and what works on their integers and booleans."""
