"""Models of transformers from small configurations with random weights: one engine each, as good as eager,
dynamic sizes.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch_tensorrt import Input, dynamo

from tests.py.dynamo.models import engines, torch_parts
from tests.util.oracle import assert_as_good_as_eager, float64_reference
from tests.util.output import Output

transformers = pytest.importorskip("transformers")

TEXT = {"min_shape": (1, 2), "opt_shape": (4, 16), "max_shape": (8, 64)}
IMAGE = {"min_shape": (1, 3, 64, 64), "opt_shape": (2, 3, 64, 64), "max_shape": (4, 3, 64, 64)}


def bert() -> nn.Module:
    config = transformers.BertConfig(
        hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, vocab_size=99
    )
    return Output(transformers.BertModel(config), "last_hidden_state", "input_ids", "attention_mask")


def gpt2() -> nn.Module:
    config = transformers.GPT2Config(
        n_embd=48,
        n_layer=2,
        n_head=4,
        vocab_size=99,
        n_positions=64,
        use_cache=False,
        bos_token_id=0,
        eos_token_id=0,
    )
    return Output(transformers.GPT2LMHeadModel(config), "logits", "input_ids")


def vit() -> nn.Module:
    config = transformers.ViTConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        image_size=64,
        patch_size=16,
    )
    return Output(transformers.ViTModel(config), "last_hidden_state", "pixel_values")


def resnet() -> nn.Module:
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], layer_type="bottleneck"
    )
    model = transformers.ResNetModel(config)
    for module in model.modules():  # statistics that are not the default ones
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return Output(model, "pooler_output", "pixel_values")


def text(batch: int, length: int) -> tuple[torch.Tensor, ...]:
    mask = torch.ones(batch, length, dtype=torch.int64)
    mask[0, length // 2 + 1 :] = 0
    return torch.randint(0, 99, (batch, length)), mask


CASES = {
    "bert": (bert, [TEXT, TEXT], torch.int64, [text(3, 17), text(1, 2), text(8, 64)]),
    "gpt2": (gpt2, [TEXT], torch.int64, [text(3, 17)[:1], text(1, 2)[:1], text(8, 64)[:1]]),
    "vit": (vit, [IMAGE], None, [(3, 3, 64, 64), (1, 3, 64, 64)]),
    "resnet": (resnet, [IMAGE], None, [(3, 3, 64, 64), (1, 3, 64, 64)]),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("name", CASES)
def test_model(name, dtype):
    torch.manual_seed(0)
    make, shapes, input_dtype, examples = CASES[name]
    model = make().eval().to(dtype)
    specs = [Input(**shape, dtype=input_dtype or dtype, tensor_domain=(0, 2)) for shape in shapes]
    program = dynamo.trace(model, arg_inputs=specs)
    module = dynamo.compile(program, arg_inputs=specs, require_full_compilation=True)
    assert len(engines(module)) == 1 and not torch_parts(module)
    weights = module.report.engines[0].weight_types
    floats = {t for t in weights if t.startswith(("float", "bfloat"))}
    # Folded statistics of BatchNorm are float32: rounded to a half type they would add an error of their own.
    beside = {"float32"} if name == "resnet" else set()
    assert floats <= {str(dtype).removeprefix("torch."), *beside}
    for example in examples:
        inputs = example if isinstance(example[0], torch.Tensor) else (torch.randn(example).to(dtype),)
        with torch.no_grad():
            assert_as_good_as_eager(module(*inputs), model(*inputs), float64_reference(model, inputs))
