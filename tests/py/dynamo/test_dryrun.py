"""The dry run: what would happen, without an engine."""

import torch
from torch_tensorrt import dynamo

from tests.py.dynamo.models import Sandwich, batch

SIN = "torch.ops.aten.sin.default"


def dry(where=True, **settings):
    inputs = [batch(1, 4, 8, 6)]
    program = dynamo.trace(Sandwich().eval(), arg_inputs=inputs)
    settings = {"min_block_size": 1, "torch_executed_ops": {SIN}, **settings}
    return dynamo.compile(program, arg_inputs=inputs, dryrun=where, **settings)


def test_report_says_what_a_person_asks(capsys):
    dry()
    text = capsys.readouterr().out
    assert "6 of 7 in engines (85.7 %)" in text
    assert "Engines: 2, operators per engine: average 3.0, most 3" in text
    assert "aten.sin.default (1x): torch_executed_ops keeps it in PyTorch" in text
    assert "models.py" in text  # where the operator stands in the user's model
    assert "from [1, 6] to [8, 6]" in text
    assert "min_block_size=1" in text


def test_nothing_is_built_and_the_result_runs():
    module = dry()
    assert all(isinstance(m, torch.fx.GraphModule) for m in module.children())
    x = torch.randn(5, 6)
    torch.testing.assert_close(module(x), Sandwich()(x))


def test_written_to_a_new_file_only(tmp_path, capsys):
    path = tmp_path / "report.txt"
    dry(str(path))
    assert "Operators: 6 of 7" in path.read_text()
    path.write_text("mine")
    dry(str(path))
    assert path.read_text() == "mine"


def test_report_object():
    report = dry(min_block_size=4).report
    assert (report.operators, report.in_engines, report.supported) == (7, 0, 6)
    assert set(report.left_out) == {
        "aten.mul.Tensor",
        "aten.add.Tensor",
        "aten.relu.default",
        "aten.sin.default",
    }
    count, reason, _ = report.left_out["aten.relu.default"]
    assert count == 2 and "min_block_size=4" in reason
