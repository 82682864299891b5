"""Progress of long builds on a terminal."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import tensorrt as trt

_PATIENCE = 2.0
"""Seconds before anything is drawn: short builds stay silent."""


def progress_monitor() -> trt.IProgressMonitor | None:
    """A monitor that draws bars with rich, or None where nobody watches (no terminal, CI_BUILD=1, rich not
    installed).
    """
    if os.environ.get("CI_BUILD") == "1" or not sys.stderr.isatty():
        return None
    try:
        return RichMonitor()
    except ImportError:
        return None


class RichMonitor(trt.IProgressMonitor):
    """Phases of the builder as bars."""

    def __init__(self) -> None:
        trt.IProgressMonitor.__init__(self)
        from rich.console import Console
        from rich.progress import Progress

        self._bars: Any = Progress(console=Console(stderr=True), transient=True)
        self._tasks: dict[str, Any] = {}
        self._begun = time.monotonic()
        self._shown = False

    def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
        """Called by the engine."""
        self._tasks[phase_name] = self._bars.add_task(phase_name, total=num_steps)

    def step_complete(self, phase_name: str, step: int) -> bool:
        """Called by the engine; True lets it go on."""
        if not self._shown and time.monotonic() - self._begun > _PATIENCE:
            self._bars.start()
            self._shown = True
        if phase_name in self._tasks:
            self._bars.update(self._tasks[phase_name], completed=step + 1)
        return True

    def phase_finish(self, phase_name: str) -> None:
        """Called by the engine."""
        task = self._tasks.pop(phase_name, None)
        if task is not None:
            self._bars.remove_task(task)

    def close(self) -> None:
        """Removes the bars."""
        if self._shown:
            self._bars.stop()
