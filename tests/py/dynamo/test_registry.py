"""The registry: arguments by schema, reasons in words, order of converters, the public mapping."""

import operator

import pytest
import torch
from torch.fx import Graph
from torch_tensorrt import dynamo
from torch_tensorrt.dynamo import CompilationSettings
from torch_tensorrt.dynamo.conversion import (
    DYNAMO_ATEN_CONVERTERS,
    DYNAMO_CONVERTERS,
    ConverterPriority,
    dynamo_tensorrt_converter,
)
from torch_tensorrt.dynamo.conversion._registry import bind, choose, converts, is_named, unhandled_argument

from tests.py.dynamo.models import batch

aten = torch.ops.aten
SETTINGS = CompilationSettings()


pytestmark = pytest.mark.usefixtures("own_converters")


def node_of(target, *args, val=None, **kwargs):
    graph = Graph()
    made = []
    for a in args:
        if isinstance(a, torch.Tensor):
            placeholder = graph.placeholder(f"x{len(made)}")
            placeholder.meta["val"] = a
            a = placeholder
        made.append(a)
    node = graph.call_function(target, tuple(made), kwargs)
    node.meta["val"] = val
    return node


def test_defaults_are_filled_in_by_the_schema():
    def layer_norm(b, input, normalized_shape, weight=None, bias=None, eps=0.0):
        return eps

    positional, keywords = bind(layer_norm, aten.layer_norm.default, ("x", [3]), {})
    assert positional == ["x", [3], None, None, 1e-5] and not keywords


def test_keyword_only_arguments_go_by_name():
    def add(b, x, other, alpha=1):
        return alpha

    assert bind(add, aten.add.Tensor, ("x", "y"), {"alpha": 2}) == (["x", "y"], {"alpha": 2})
    assert bind(add, aten.add.Tensor, ("x", "y"), {}) == (["x", "y"], {"alpha": 1})


def test_arguments_given_by_name_are_found():
    assert bind(lambda b, x, y: 0, aten.mul.Tensor, ("x",), {"other": "y"}) == (["x", "y"], {})


def test_plain_functions_take_their_arguments_as_they_are():
    assert bind(lambda b, x, i: 0, operator.getitem, ("x", 1), {}) == (["x", 1], {})


def test_an_argument_that_would_be_dropped_refuses_the_node():
    def add(b, x, other):
        return x

    node = node_of(aten.add.Tensor, torch.ones(2), torch.ones(2), alpha=3)
    assert unhandled_argument(add, node) == "its argument alpha=3 is not supported"
    assert not unhandled_argument(add, node_of(aten.add.Tensor, torch.ones(2), torch.ones(2), alpha=1))


def test_harmless_arguments_may_be_dropped():
    node = node_of(aten.clone.default, torch.ones(2), memory_format=torch.contiguous_format)
    assert not unhandled_argument(lambda b, x: x, node)


def test_reason_in_words_reaches_the_caller():
    target = aten.erfinv.default
    converts(target, when=lambda node, settings: "it needs a known size")(lambda b, x: x)
    assert choose(node_of(target, torch.ones(2)), SETTINGS) == (None, "it needs a known size")


def test_no_converter():
    node = node_of(aten.cholesky.default, torch.ones(2, 2))
    assert choose(node, SETTINGS) == (None, "there is no converter for it")


def test_user_before_ours_and_high_before_standard():
    target = aten.erfinv.default
    converts(target, priority=ConverterPriority.HIGH)(lambda b, x: "ours high")
    converts(target)(lambda b, x: "ours")
    dynamo_tensorrt_converter(target, supports_dynamic_shapes=True)(lambda *a: "user")
    dynamo_tensorrt_converter(target, priority=ConverterPriority.HIGH)(lambda *a: "user high")
    order = [
        e.converter_implementation(*range(5 if not e.builtin else 2)) for e in DYNAMO_ATEN_CONVERTERS[target]
    ]
    assert order == ["user high", "ours high", "user", "ours"]


def test_next_converter_is_tried_when_one_refuses():
    target = aten.erfinv.default
    converts(target)(lambda b, x: "ours")
    dynamo_tensorrt_converter(target, capability_validator=lambda node, settings: False)(lambda *a: "user")
    entry, _ = choose(node_of(target, torch.ones(2)), SETTINGS)
    assert entry.builtin


def test_user_converter_needs_to_say_that_it_takes_dynamic_shapes():
    target = aten.erfinv.default
    dynamo_tensorrt_converter(target)(lambda *a: "user")
    program = dynamo.trace(torch.nn.ReLU(), arg_inputs=[batch(1, 4, 8, 6)])
    x = next(n for n in program.graph.nodes if n.op == "placeholder").meta["val"]
    node = node_of(target, x, val=x)
    assert "dynamic shapes" in choose(node, SETTINGS)[1]
    assert choose(node, CompilationSettings(assume_dynamic_shape_support=True))[0] is not None


def test_disabled_converter_is_not_registered():
    dynamo_tensorrt_converter(aten.erfinv.default, enabled=False)(lambda *a: None)
    assert aten.erfinv.default not in DYNAMO_ATEN_CONVERTERS


def test_packets_with_one_overload_only():
    dynamo_tensorrt_converter(aten.erfinv)(lambda *a: None)
    assert aten.erfinv.default in DYNAMO_ATEN_CONVERTERS
    with pytest.raises(ValueError, match="several overloads"):
        dynamo_tensorrt_converter(aten.add)(lambda *a: None)


@pytest.mark.parametrize(
    "name", ["torch.ops.aten.add.Tensor", "aten.add.Tensor", "torch.ops.aten.add", "aten::add.Tensor"]
)
def test_spellings_of_an_operator(name):
    assert is_named(aten.add.Tensor, frozenset({name}))
    assert not is_named(aten.mul.Tensor, frozenset({name}))


def test_public_mapping():
    node = node_of(aten.relu.default, torch.ones(2))
    assert node in DYNAMO_CONVERTERS and aten.relu.default in DYNAMO_CONVERTERS
    converter, facts = DYNAMO_CONVERTERS[node]
    assert callable(converter) and facts["supports_dynamic_shapes"]
    with pytest.raises(KeyError):
        DYNAMO_CONVERTERS[aten.cholesky.default]
    assert "torch.ops.aten.relu.default" in DYNAMO_CONVERTERS.display_all_available_converters()


def test_disallowed_targets():
    DYNAMO_CONVERTERS.set_disallowed_targets({aten.relu.default})
    try:
        assert aten.relu.default not in DYNAMO_CONVERTERS
        assert node_of(aten.relu.default, torch.ones(2)) not in DYNAMO_CONVERTERS
    finally:
        DYNAMO_CONVERTERS.set_disallowed_targets(set())
