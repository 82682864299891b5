"""An ordered list of lowering passes that can be changed and watched."""

from __future__ import annotations

from collections.abc import Callable

from torch.fx import GraphModule

from torch_tensorrt.dynamo._settings import CompilationSettings

Pass = Callable[[GraphModule, CompilationSettings], GraphModule]


class DynamoPassManager:
    """Runs passes `pass(gm, settings) -> gm` in their order."""

    def __init__(self, passes: list[Pass] | None = None) -> None:
        self.passes: list[Pass] = list(passes or [])
        self._watch: list[tuple[str, bool, str]] = []

    @classmethod
    def build_from_passlist(cls, passes: list[Pass]) -> DynamoPassManager:
        """A manager of these passes."""
        return cls(passes)

    def add_pass_with_index(self, lowering_pass: Pass, index: int | None = None) -> None:
        """Adds a pass at a place; at the end where none is given."""
        self.passes.insert(len(self.passes) if index is None else index, lowering_pass)

    def remove_pass_with_index(self, index: int) -> None:
        """Takes the pass at a place out of the list."""
        del self.passes[index]

    def insert_debug_pass_before(self, passes: list[str], output_path_prefix: str = "") -> None:
        """Writes the graph to `<prefix><pass>_before.txt` before each named pass."""
        self._watch += [(name, True, output_path_prefix) for name in passes]

    def insert_debug_pass_after(self, passes: list[str], output_path_prefix: str = "") -> None:
        """Writes the graph to `<prefix><pass>_after.txt` after each named pass."""
        self._watch += [(name, False, output_path_prefix) for name in passes]

    def __call__(self, gm: GraphModule, settings: CompilationSettings) -> GraphModule:
        for lowering_pass in self.passes:
            self._write(gm, lowering_pass.__name__, before=True)
            gm = lowering_pass(gm, settings)
            self._write(gm, lowering_pass.__name__, before=False)
        return gm

    def _write(self, gm: GraphModule, name: str, before: bool) -> None:
        for watched, wants_before, prefix in self._watch:
            if watched == name and wants_before == before:
                with open(
                    f"{prefix}{name}_{'before' if before else 'after'}.txt", "w", encoding="utf-8"
                ) as file:
                    file.write(str(gm.graph))

    def __str__(self) -> str:
        return "\n".join(p.__name__ for p in self.passes)
