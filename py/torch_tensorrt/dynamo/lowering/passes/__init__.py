"""Lowering passes: graph in, graph out; their order is one list in `_aten_lowering_pass`."""

from torch_tensorrt.dynamo.lowering.passes._aten_lowering_pass import (
    ATEN_POST_LOWERING_PASSES,
    ATEN_PRE_LOWERING_PASSES,
    _aten_lowering_pass,
    _remove_lowering_pass,
    dump_lowering_passes,
    get_lowering_pass_config,
    post_lowering,
    pre_export_lowering,
)
from torch_tensorrt.dynamo.lowering.passes.constant_folding import constant_fold
from torch_tensorrt.dynamo.lowering.passes.pass_manager import DynamoPassManager
from torch_tensorrt.dynamo.lowering.passes.pass_utils import clean_up_graph_after_modifications
from torch_tensorrt.dynamo.lowering.passes.remove_assert_nodes import remove_assert_nodes
from torch_tensorrt.dynamo.lowering.passes.remove_detach import remove_detach
from torch_tensorrt.dynamo.lowering.passes.remove_input_alias_fixing_clones import (
    remove_input_alias_fixing_clones,
)
from torch_tensorrt.dynamo.lowering.passes.remove_num_users_is_0_nodes import remove_num_users_is_0_nodes
from torch_tensorrt.dynamo.lowering.passes.repair_input_as_output import repair_input_as_output
from torch_tensorrt.dynamo.lowering.passes.replace_max_pool_with_indices import replace_max_pool_with_indices

__all__ = [
    "ATEN_POST_LOWERING_PASSES",
    "ATEN_PRE_LOWERING_PASSES",
    "DynamoPassManager",
    "_aten_lowering_pass",
    "_remove_lowering_pass",
    "clean_up_graph_after_modifications",
    "constant_fold",
    "dump_lowering_passes",
    "get_lowering_pass_config",
    "post_lowering",
    "pre_export_lowering",
    "remove_assert_nodes",
    "remove_detach",
    "remove_input_alias_fixing_clones",
    "remove_num_users_is_0_nodes",
    "repair_input_as_output",
    "replace_max_pool_with_indices",
]
