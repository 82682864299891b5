"""Lowering: decompositions follow the converters; passes keep what the graph computes."""

import pytest
import torch
from torch import nn
from torch.export import ExportedProgram
from torch_tensorrt import dynamo
from torch_tensorrt._errors import ConversionError
from torch_tensorrt.dynamo import CompilationSettings
from torch_tensorrt.dynamo._compiler import lower
from torch_tensorrt.dynamo.conversion import DYNAMO_ATEN_CONVERTERS
from torch_tensorrt.dynamo.lowering import (
    ATEN_POST_LOWERING_PASSES,
    get_decompositions,
    register_torch_trt_decomposition,
    torch_disabled_decompositions,
    torch_enabled_decompositions,
)
from torch_tensorrt.dynamo.lowering._decompositions import TORCH_TRT_DECOMPOSITIONS
from torch_tensorrt.dynamo.lowering._lstm_states import correct_lstm_states
from torch_tensorrt.dynamo.lowering.passes import (
    _aten_lowering_pass,
    _remove_lowering_pass,
    get_lowering_pass_config,
)

aten = torch.ops.aten


def lowered(model, *inputs, **settings):
    return lower(dynamo.trace(model.eval(), arg_inputs=inputs), CompilationSettings(**settings))


def targets(gm):
    return [str(n.target) for n in gm.graph.nodes if n.op == "call_function"]


def test_operators_with_converters_stay_whole():
    table = get_decompositions()
    assert not set(table) & set(DYNAMO_ATEN_CONVERTERS)


def test_attention_is_decomposed_on_request():
    assert aten.scaled_dot_product_attention.default not in get_decompositions()
    assert aten.scaled_dot_product_attention.default in get_decompositions(decompose_attention=True)


def test_enabled_and_disabled_do_not_overlap():
    assert not torch_enabled_decompositions & torch_disabled_decompositions
    assert not torch_disabled_decompositions & set(
        get_decompositions(enable_experimental_decompositions=True)
    )


def test_own_decomposition_wins(monkeypatch):
    @register_torch_trt_decomposition(aten.sin.default)
    def sine(x):
        return torch.cos(x - torch.pi / 2)

    class Sine(nn.Module):
        def forward(self, x):
            return torch.sin(x)

    try:
        assert "aten.cos.default" in targets(lowered(Sine(), torch.randn(3)))
    finally:
        del TORCH_TRT_DECOMPOSITIONS[aten.sin.default]


class Folding(nn.Module):
    def __init__(self, dtype=torch.float32):
        super().__init__()
        self.w = nn.Parameter(torch.randn(3, 3, dtype=dtype))

    def forward(self, x):
        return x @ (self.w.t() * 0.1 + 1).to(torch.bfloat16)


def test_constants_fold_in_their_own_type_and_keep_their_source():
    model = Folding()
    gm = lowered(model, torch.randn(2, 3, dtype=torch.bfloat16))
    (constant,) = [n for n in gm.graph.nodes if n.op == "get_attr"]
    value = getattr(gm, constant.target)
    assert constant.meta["source"] == "w"
    torch.testing.assert_close(value, (model.w.t() * 0.1 + 1).to(torch.bfloat16).detach(), rtol=0, atol=0)


def test_random_numbers_are_not_folded():
    class Noise(nn.Module):
        def forward(self, x):
            return x + torch.rand(3)

    gm = lowered(Noise(), torch.zeros(3))
    assert not torch.equal(gm(torch.zeros(3)), gm(torch.zeros(3)))


def test_states_of_lstms_are_described_as_they_are():
    """Some releases of torch export them with a fourth axis, and what is made of them accordingly."""

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(6, 8), nn.Linear(8, 2)

        def forward(self, x):
            every, (hidden, cell) = self.lstm(x)
            return every, self.head(hidden[-1]), cell

    gm = torch.export.export(Last().eval(), (torch.zeros(5, 3, 6),)).graph_module
    nodes = list(gm.graph.nodes)
    start = next(i for i, n in enumerate(nodes) if n.target is aten.lstm.input)
    output, *states = nodes[start].meta["val"]
    with output.fake_mode:
        nodes[start].meta["val"] = (output, *(s.reshape(1, 1, 3, 8) for s in states))
        for node in nodes[start + 1 : -1]:
            node.meta["val"] = output.new_empty(9, 9, 9)
    correct_lstm_states(gm)
    returned = nodes[-1].args[0]
    assert [tuple(n.meta["val"].shape) for n in returned] == [(5, 3, 8), (3, 2), (1, 3, 8)]
    assert [tuple(s.shape) for s in nodes[start].meta["val"]] == [(5, 3, 8), (1, 3, 8), (1, 3, 8)]


def test_big_constants_are_not_made():
    class Big(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones(1))

        def forward(self, x):
            return x + self.w.expand(3000, 3000).clone()

    gm = lowered(Big(), torch.zeros(3000, 3000))
    assert all(getattr(gm, n.target).numel() < 10 for n in gm.graph.nodes if n.op == "get_attr")


def test_input_as_result_is_copied():
    class Same(nn.Module):
        def forward(self, x, y):
            return x, x + y

    gm = lowered(Same(), torch.randn(2), torch.randn(2))
    assert targets(gm)[0] == "aten.clone.default" or "aten.clone.default" in targets(gm)


def test_indices_of_max_pooling_are_dropped():
    gm = lowered(nn.MaxPool2d(2), torch.randn(1, 1, 4, 4))
    assert "aten.max_pool2d_with_indices.default" not in targets(gm)


def test_dropout_and_detach_vanish_in_eval_mode():
    class Quiet(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout()

        def forward(self, x):
            return torch.relu(self.drop(x).detach())

    assert targets(lowered(Quiet(), torch.randn(2))) == ["aten.relu.default"]


def test_users_add_and_remove_passes():
    before = len(ATEN_POST_LOWERING_PASSES.passes)
    seen = []

    @_aten_lowering_pass(index=0)
    def watch(gm, settings):
        seen.append(settings)
        return gm

    try:
        assert get_lowering_pass_config().splitlines()[0] == "watch"
        lowered(nn.ReLU(), torch.randn(2))
        assert isinstance(seen[0], CompilationSettings)
    finally:
        _remove_lowering_pass(index=0)
    assert len(ATEN_POST_LOWERING_PASSES.passes) == before


def test_the_users_program_is_not_changed():
    program = dynamo.trace(
        nn.Sequential(nn.Linear(3, 3), nn.Dropout()).eval(), arg_inputs=[torch.randn(1, 3)]
    )
    before = str(program.graph)
    lower(program, CompilationSettings())
    assert str(program.graph) == before


@pytest.mark.parametrize("experimental", [False, True])
def test_lowered_graph_computes_the_same(experimental):
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.Hardswish(),
        nn.Flatten(),
        nn.Linear(144, 5),
        nn.LogSoftmax(-1),
    )
    x = torch.randn(2, 3, 8, 8)
    model.eval()
    gm = lowered(model, x, enable_experimental_decompositions=experimental)
    torch.testing.assert_close(gm(x), model(x))


@pytest.mark.parametrize(
    "name,model,shape",
    [
        ("torch.ops.aten.convolution.default", nn.Conv2d(3, 4, 3), (1, 3, 8, 8)),
        ("aten._softmax.default", nn.Softmax(-1), (2, 3)),
        ("torch.ops.aten.native_layer_norm", nn.LayerNorm(3), (2, 3)),
        ("torch.ops.aten._native_batch_norm_legit_no_training.default", nn.BatchNorm2d(3), (2, 3, 4, 4)),
        ("torch.ops.aten.view.default", nn.Flatten(), (2, 3, 4)),
    ],
)
def test_what_users_name_is_found_inside_composites(name, model, shape):
    x = torch.randn(shape)
    module = dynamo.compile(
        dynamo.trace(model.eval(), arg_inputs=[x]), min_block_size=1, torch_executed_ops={name}, dryrun=True
    )
    assert any("torch_executed_ops" in reason for _, reason, _ in module.report.left_out.values())
    torch.testing.assert_close(module(x), model(x))


class Regions(nn.Module):
    """Parts with a grad mode or an autocast of their own."""

    def __init__(self, cast):
        super().__init__()
        self.first, self.second, self.cast = nn.Linear(4, 4), nn.Linear(4, 4), cast

    def forward(self, x):
        with torch.no_grad():
            y = self.first(x).relu_() * 2
            with torch.autocast("cpu", enabled=False), torch.enable_grad():
                y = self.second(y.float()) + 1
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.cast):
            z = self.second(y)
            with torch.autocast("cpu", enabled=False):
                return y, z, self.first(z.float())


@pytest.mark.parametrize("cast", [False, True], ids=["disabled", "enabled"])
def test_regions_become_plain_nodes(cast):
    model, x = Regions(cast), torch.randn(3, 4)
    gm = lowered(model, x)
    assert all(name.startswith("aten.") for name in targets(gm))
    assert not [n for n, _ in gm.named_children() if n.startswith("submod")]
    for found, expected in zip(gm(x), model(x), strict=True):
        assert found.dtype == expected.dtype
        torch.testing.assert_close(found, expected)


def test_training_is_found_in_regions():
    class Dropping(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout()

        def forward(self, x):
            with torch.no_grad():
                return self.drop(x) + 1

    x = torch.randn(3)
    program = torch.export.export(Dropping().train(), (x,))
    with pytest.raises(ConversionError, match="`drop` is in training mode"):
        dynamo.compile(program, arg_inputs=[x], require_full_compilation=True)


class Writes(nn.Module):
    """As many blocks as resnets have them: their results are written to in turns."""

    def forward(self, x):
        for _ in range(40):
            x = torch.relu_(torch.sin(x).add_(x)).mul_(0.5)
        return x


def test_private_writes_need_no_retrace(monkeypatch):
    """A retrace takes longer than the export."""
    monkeypatch.setattr(ExportedProgram, "run_decompositions", None)
    model, x = Writes(), torch.randn(3, 4)
    torch.testing.assert_close(lowered(model, x)(x), model(x))
