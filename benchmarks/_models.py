"""Models by name: built from their configuration with random weights, so that nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch


class Hidden(torch.nn.Module):
    """The last hidden state of a transformers model, as a plain tensor."""

    def __init__(self, model: torch.nn.Module, **fixed: object) -> None:
        super().__init__()
        self.model = model
        self.fixed = fixed

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, **self.fixed).last_hidden_state


class Logits(torch.nn.Module):
    """The logits of a transformers model for images, as a plain tensor."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.model(pixel_values=pixel_values).logits


def _resnet50() -> torch.nn.Module:
    import transformers

    return Logits(transformers.ResNetForImageClassification(transformers.ResNetConfig(num_labels=1000)))


def _vit() -> torch.nn.Module:
    import transformers

    return Logits(transformers.ViTForImageClassification(transformers.ViTConfig(num_labels=1000)))


def _bert(hidden: int, layers: int, heads: int) -> torch.nn.Module:
    import transformers

    return Hidden(
        transformers.BertModel(
            transformers.BertConfig(
                hidden_size=hidden,
                num_hidden_layers=layers,
                num_attention_heads=heads,
                intermediate_size=4 * hidden,
            )
        )
    )


def _gpt2() -> torch.nn.Module:
    import transformers

    return Hidden(transformers.GPT2Model(transformers.GPT2Config()), use_cache=False)


def _pixels(batch: int, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(batch, 3, 224, 224, device=device, dtype=dtype)


def _tokens(length: int) -> Callable[[int, torch.device, torch.dtype], torch.Tensor]:
    return lambda batch, device, dtype: torch.randint(0, 30000, (batch, length), device=device)


@dataclass(frozen=True)
class Model:
    """How to make a model, and an input of it for a batch length, a device and a floating type."""

    make: Callable[[], torch.nn.Module]
    sample: Callable[[int, torch.device, torch.dtype], torch.Tensor]
    convolutional: bool = False


MODELS = {
    "resnet50": Model(_resnet50, _pixels, convolutional=True),
    "vit-b16": Model(_vit, _pixels),
    "bert-base-128": Model(lambda: _bert(768, 12, 12), _tokens(128)),
    "bert-large-384": Model(lambda: _bert(1024, 24, 16), _tokens(384)),
    "minilm-128": Model(lambda: _bert(384, 6, 12), _tokens(128)),
    "gpt2-512": Model(_gpt2, _tokens(512)),
}


def make(name: str, device: torch.device, dtype: torch.dtype) -> torch.nn.Module:
    """A model in evaluation mode; convolutional ones in channels-last on CUDA,
    which is eager's faster layout there."""
    torch.manual_seed(0)
    model = MODELS[name].make().eval().requires_grad_(False).to(device, dtype)
    if MODELS[name].convolutional and device.type == "cuda":
        model = model.to(memory_format=torch.channels_last)
    return model


def sample(name: str, batch: int, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    torch.manual_seed(1)
    x = MODELS[name].sample(batch, device, dtype)
    if MODELS[name].convolutional and device.type == "cuda":
        x = x.contiguous(memory_format=torch.channels_last)
    return x
