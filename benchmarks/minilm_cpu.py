"""MiniLM-L6 in float32: compiled by us beside eager PyTorch, batch 1 and 32, in one process.

python benchmarks/minilm_cpu.py
"""

from __future__ import annotations

import argparse
import warnings

import torch
import torch_tensorrt
import transformers
from _measure import measure, print_table


def minilm(dtype: torch.dtype) -> torch.nn.Module:
    """MiniLM-L6-v2's configuration with random weights (the speed does not depend on the values)."""
    config = transformers.BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    )
    torch.manual_seed(0)
    return Hidden(transformers.BertModel(config)).to(dtype).eval()


class Hidden(torch.nn.Module):
    """The last hidden state, as a plain tensor."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def times_of(model: torch.nn.Module, shape: tuple[int, int], rounds: int) -> dict[str, float]:
    """Seconds per call for random ids of a shape, by name of the candidate."""
    ids = torch.randint(0, 30000, shape, device=next(model.parameters()).device)
    mask = torch.ones_like(ids)
    with torch.inference_mode(False), torch.no_grad():
        compiled = torch_tensorrt.compile(model, inputs=[ids, mask], require_full_compilation=True)
    torch.testing.assert_close(compiled(ids, mask), model(ids, mask), rtol=1e-4, atol=1e-4)
    return measure(
        {"eager": lambda: model(ids, mask), "torch_tensorrt": lambda: compiled(ids, mask)}, rounds=rounds
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = minilm(torch.float32).to(device)
    with torch.inference_mode():
        rows = [(f"batch {n:2}", times_of(model, (n, arguments.sequence), arguments.rounds)) for n in (1, 32)]
    print(torch_tensorrt.provider())
    print_table(
        f"MiniLM-L6 float32, sequence {arguments.sequence}, {device}, {torch.get_num_threads()} threads",
        rows,
        "eager",
    )


if __name__ == "__main__":
    main()
