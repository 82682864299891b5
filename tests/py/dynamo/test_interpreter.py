"""Direct use of the interpreter and the verifier, as other code does it."""

import operator

import pytest
import tensorrt as trt
import torch
from torch import nn
from torch_tensorrt import Input, dynamo
from torch_tensorrt._errors import DtypeContractError, InputError
from torch_tensorrt.dynamo import CompilationSettings
from torch_tensorrt.dynamo._compiler import lower
from torch_tensorrt.dynamo.conversion import TRTInterpreter, convert_module, interpret_module_to_result
from torch_tensorrt.dynamo.conversion._verify import verify
from torch_tensorrt.dynamo.partitioning import construct_submodule_inputs
from torch_tensorrt.dynamo.runtime import TorchTensorRTModule

from tests.py.dynamo.models import ConvRelu, Mlp, batch
from tests.py.dynamo.networks import Network

aten = torch.ops.aten


def lowered(model, *inputs):
    return lower(dynamo.trace(model.eval(), arg_inputs=inputs), CompilationSettings())


def test_result_of_a_run():
    model, x = Mlp(), torch.randn(2, 8)
    result = TRTInterpreter(
        lowered(model, x), [Input.from_tensor(x)], compilation_settings=CompilationSettings()
    ).run()
    assert result.input_names == ["x"] and result.output_names == ["output0"]
    assert not result.requires_output_allocator
    module = TorchTensorRTModule(
        serialized_engine=bytes(result.engine.serialize()),
        input_binding_names=result.input_names,
        output_binding_names=result.output_names,
        name="engine",
        requires_output_allocator=result.requires_output_allocator,
    )
    torch.testing.assert_close(module(x), model(x))


def test_convert_module():
    model = Mlp()
    gm = lowered(model, batch(1, 4, 8, 8))
    module = convert_module(gm, construct_submodule_inputs(gm), CompilationSettings(), name="mlp")
    x = torch.randn(3, 8)
    torch.testing.assert_close(module(x), model(x))


def test_weights_are_named_after_parameters():
    model, x = ConvRelu(), torch.randn(1, 3, 8, 8)
    result = interpret_module_to_result(lowered(model, x), [Input.from_tensor(x)])
    names = result.weight_name_map
    assert {"conv.weight", "conv.bias"} <= set(names.values())
    (kernel,) = [w for w, p in names.items() if p == "conv.weight"]
    assert kernel.startswith("[CONVOLUTION]-[aten_ops.") and kernel.endswith(" KERNEL")


def test_weights_are_released_after_the_build():
    x = torch.randn(1, 3, 8, 8)
    interpreter = TRTInterpreter(lowered(ConvRelu(), x), [Input.from_tensor(x)])
    interpreter.run()
    assert not interpreter.b.store.held


def test_names_of_bindings():
    program = dynamo.trace(Mlp().eval(), arg_inputs=[torch.randn(2, 8)])
    convert = dynamo.convert_exported_program_to_serialized_trt_engine
    data = convert(program, arg_input_binding_names=["tokens"], output_binding_names=["scores"])
    engine = trt.Runtime(trt.Logger()).deserialize_cuda_engine(data)
    assert [engine.get_tensor_name(i) for i in range(2)] == ["tokens", "scores"]
    with pytest.raises(InputError, match="2 input names"):
        convert(program, arg_input_binding_names=["a", "b"])


def test_output_types_may_be_given():
    from torch_tensorrt import dtype

    x = torch.randn(2, 8)
    result = TRTInterpreter(lowered(Mlp(), x), [Input.from_tensor(x)], output_dtypes=[dtype.f16]).run()
    module = TorchTensorRTModule(bytes(result.engine.serialize()), result.input_names, result.output_names)
    assert module(x).dtype == torch.float16


def test_number_of_specs():
    x = torch.randn(2, 8)
    with pytest.raises(InputError, match="1 inputs, 2 input specs"):
        TRTInterpreter(lowered(Mlp(), x), [Input.from_tensor(x)] * 2).run()


class Same(nn.Module):
    """One tensor returned twice, an input and a constant returned as they are."""

    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.arange(3))

    def forward(self, x):
        y = torch.relu(x)
        return y, y, x, self.table, self.table + 1


def test_results_that_are_one_tensor():
    x = torch.randn(3)
    gm = lowered(Same(), x)
    module = convert_module(gm, [Input.from_tensor(x)])
    for actual, expected in zip(module(x), Same()(x), strict=True):
        torch.testing.assert_close(actual, expected)


def test_verifier_reports_every_breach_with_its_parameter():
    """A network that breaks rules where the engine itself would only say so later: the engine's own checks
    are passed by.
    """
    network = Network(torch.randn(2, 3), torch.randn(2, 3))
    net, (x, y) = network.network, network.inputs
    layers = [
        net.add_elementwise(x, y, trt.ElementWiseOperation.SUM),
        net.add_select(x, x, y) or net.add_softmax(x),
    ]
    layers[0].name = "sum"

    class Pretender:
        """The network, with the type of one tensor changed."""

        num_layers = 1

        def get_layer(self, index):
            return Shown(layers[index])

    class Shown:
        def __init__(self, layer):
            self.name, self.metadata, self.num_inputs, self.layer = layer.name, "block.0", 2, layer

        def get_input(self, index):
            return type("T", (), {"dtype": (trt.float32, trt.bfloat16)[index]})()

    from torch_tensorrt.dynamo.conversion import _verify

    original = _verify.kind_of
    _verify.kind_of = lambda layer: trt.LayerType.MATRIX_MULTIPLY
    try:
        with pytest.raises(DtypeContractError) as caught:
            verify(Pretender(), {"sum CONSTANT": "block.0.scale"})
    finally:
        _verify.kind_of = original
    text = str(caught.value)
    assert "sum in module 'block.0': block.0.scale: inputs FLOAT, BF16; they have to be of one type" in text


@pytest.mark.parametrize("kind", ["conv", "scale", "unary", "activation", "select", "gather"])
def test_verifier_accepts_what_is_right(kind):
    network = Network(torch.randn(1, 3, 8, 8))
    b, x = network.b, network.inputs[0]
    from torch_tensorrt.dynamo.conversion._weights import Const

    if kind == "conv":
        b.conv(x, Const(torch.randn(4, 3, 3, 3), "w"), Const(torch.randn(4), "bias"))
    elif kind == "scale":
        b.normalize(x, None, None, [3], 1e-5)
    elif kind == "unary":
        b.logical_not(b.greater(b.unary(trt.UnaryOperation.ABS, x), 1.0))
    elif kind == "activation":
        b.activation(trt.ActivationType.RELU, b.tensor(x, torch.int32))
    elif kind == "select":
        b.select(b.greater(x, 0.0), x, 0.0)
    else:
        b.gather(x, Const(torch.tensor([0, 1]), "index"), 1)
    verify(network.network, {})


@pytest.mark.parametrize("biased", [False, True], ids=["plain", "biased"])
@pytest.mark.parametrize("name", ["flash", "efficient", "cudnn"])
def test_what_torch_compile_makes_of_attention_on_cuda(name, biased):
    """Operators of CUDA alone: this graph has them without running them."""
    op = getattr(aten, f"_scaled_dot_product_{name}_attention").default
    takes_bias = any(a.name == "attn_bias" for a in op._schema.arguments)
    if biased and not takes_bias:
        pytest.skip(f"{name} attention has no bias")
    tensors = [torch.randn(2, 3, 16, 8) for _ in range(3)] + [torch.randn(2, 3, 16, 16)] * biased
    graph = torch.fx.Graph()
    nodes = [graph.placeholder(n) for n in "qkvm"[: len(tensors)]]
    given = [*nodes, *[None] * (takes_bias and not biased), *[False] * takes_bias]
    attention = graph.call_function(op, tuple(given), {"scale": 0.3})
    result = graph.call_function(operator.getitem, (attention, 0))
    graph.output((result,))
    for node, x in zip(nodes, tensors, strict=True):
        node.meta["val"] = x.to("meta")
    attention.meta["val"] = op(*(n.meta["val"] if n in nodes else n for n in given), scale=0.3)
    result.meta["val"] = attention.meta["val"][0]
    gm = torch.fx.GraphModule(nn.Module(), graph)
    made = interpret_module_to_result(gm, [Input.from_tensor(x) for x in tensors])
    module = TorchTensorRTModule(made.serialized_engine, made.input_names, made.output_names)
    query, key, value, *mask = tensors
    expected = nn.functional.scaled_dot_product_attention(
        query.double(), key.double(), value.double(), mask[0].double() if biased else None, scale=0.3
    )
    torch.testing.assert_close(module(*tensors), expected.float())
