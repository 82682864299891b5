"""What the demo prints: tables with rich, plain text where rich is not installed;
and whether all checks held."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch


class Report:
    """Collects and prints; `finish` gives the exit code."""

    def __init__(self, engine: str) -> None:
        self.engine = engine.splitlines()[0]
        self.failures: list[str] = []
        self._console = _console()

    def say(self, text: str) -> None:
        """One line of progress."""
        if self._console is not None:
            self._console.print(f"[dim]{text}[/dim]", highlight=False)
        else:
            print(text, flush=True)

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """One table; the engine that ran stands under it."""
        cells = [[str(cell) for cell in row] for row in rows]
        if self._console is None:
            _plain_table(title, header, cells, self.engine)
            return
        from rich.table import Table

        table = Table(
            title=title, caption=f"engine: {self.engine}", title_justify="left", caption_justify="left"
        )
        for i, name in enumerate(header):
            table.add_column(name, justify="left" if i == 0 else "right", overflow="fold")
        for row in cells:
            table.add_row(*row)
        self._console.print(table)

    def check(self, what: str, holds: bool) -> str:
        """A check of the demo, as a word for a table; failures count for the exit code."""
        if not holds:
            self.failures.append(what)
        return "yes" if holds else "NO"

    def finish(self) -> int:
        """Says whether everything held; 0 or 1."""
        if not self.failures:
            self.say("All checks held.")
            return 0
        self.say("These checks failed:\n" + "\n".join(f"  {what}" for what in self.failures))
        return 1


def _console() -> Any:
    try:
        from rich.console import Console
    except ImportError:
        return None
    console = Console()
    return console if console.is_terminal else Console(width=110)


def _plain_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], engine: str) -> None:
    widths = [max(len(row[i]) for row in [list(header), *rows]) for i in range(len(header))]
    print(f"\n{title}")
    for row in [list(header), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print(f"engine: {engine}", flush=True)


def medians(candidates: dict[str, Callable[[], Any]], rounds: int = 9) -> dict[str, float]:
    """Median milliseconds per call, measured in interleaved rounds."""
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 2):  # the first two warm up
        for name, call in candidates.items():
            begun = time.perf_counter()
            call()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn >= 2:
                samples[name].append((time.perf_counter() - begun) * 1e3)
    return {name: statistics.median(times) for name, times in samples.items()}


def device() -> torch.device:
    """Where the engine runs."""
    import torch_tensorrt

    return torch.device(torch_tensorrt.provider().device)
