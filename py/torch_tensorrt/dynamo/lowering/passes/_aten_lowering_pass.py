"""The ordered lists of lowering passes, and the door for passes of users."""

from __future__ import annotations

import logging
from collections.abc import Callable

from torch.export import ExportedProgram
from torch.fx import GraphModule

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.lowering.passes.constant_folding import constant_fold
from torch_tensorrt.dynamo.lowering.passes.pass_manager import DynamoPassManager, Pass
from torch_tensorrt.dynamo.lowering.passes.remove_assert_nodes import remove_assert_nodes
from torch_tensorrt.dynamo.lowering.passes.remove_detach import remove_detach
from torch_tensorrt.dynamo.lowering.passes.remove_input_alias_fixing_clones import (
    remove_input_alias_fixing_clones,
)
from torch_tensorrt.dynamo.lowering.passes.remove_num_users_is_0_nodes import remove_num_users_is_0_nodes
from torch_tensorrt.dynamo.lowering.passes.repair_input_as_output import repair_input_as_output
from torch_tensorrt.dynamo.lowering.passes.replace_max_pool_with_indices import replace_max_pool_with_indices

logger = logging.getLogger(__name__)

ATEN_PRE_LOWERING_PASSES = DynamoPassManager.build_from_passlist([])
"""On the exported program itself, before decomposition: empty, so that the user's program is not written
to.
"""

ATEN_POST_LOWERING_PASSES = DynamoPassManager.build_from_passlist(
    [
        remove_detach,
        remove_input_alias_fixing_clones,
        constant_fold,
        repair_input_as_output,
        replace_max_pool_with_indices,
        remove_assert_nodes,
        remove_num_users_is_0_nodes,
    ]
)
"""On the decomposed graph, before partitioning."""


def _aten_lowering_pass(*passes: Pass, index: int | None = None) -> Callable[[Pass], Pass] | Pass:
    """Decorator: adds a pass `pass(gm, settings) -> gm` to the post-lowering list, at `index` or at the
    end.
    """

    def add(lowering_pass: Pass) -> Pass:
        ATEN_POST_LOWERING_PASSES.add_pass_with_index(lowering_pass, index)
        return lowering_pass

    if len(passes) > 1 or (passes and index is not None):
        raise TypeError("_aten_lowering_pass takes one function, or only the keyword index")
    return add(passes[0]) if passes else add


def _remove_lowering_pass(*, index: int) -> None:
    """Takes a pass out of the post-lowering list."""
    ATEN_POST_LOWERING_PASSES.remove_pass_with_index(index)


def get_lowering_pass_config() -> str:
    """Names of the post-lowering passes in their order."""
    return str(ATEN_POST_LOWERING_PASSES)


def dump_lowering_passes() -> str:
    """The post-lowering passes as text."""
    return str(ATEN_POST_LOWERING_PASSES)


def pre_export_lowering(
    exported_program: ExportedProgram, settings: CompilationSettings | None = None
) -> ExportedProgram:
    """Runs the pre-lowering passes on an exported program's graph."""
    ATEN_PRE_LOWERING_PASSES(exported_program.graph_module, settings or CompilationSettings())
    return exported_program


def post_lowering(gm: GraphModule, settings: CompilationSettings | None = None) -> GraphModule:
    """Runs the post-lowering passes on a decomposed graph."""
    gm = ATEN_POST_LOWERING_PASSES(gm, settings or CompilationSettings())
    gm.graph.lint()
    return gm
