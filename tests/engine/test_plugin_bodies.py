"""Plugins inside loops and conditionals."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import sample
from tests.engine._plugin_v3 import Double, registered
from tests.engine._plugins import Runner
from tests.engine._session import Session


def constant(session: Session, value: torch.Tensor, dtype: trt.DataType) -> trt.ITensor:
    session.kept = [*getattr(session, "kept", []), value]  # type: ignore[attr-defined]
    weights = trt.Weights(dtype, value.data_ptr(), value.numel())
    return session.network.add_constant(tuple(value.shape), weights).get_output(0)


def test_a_plugin_in_a_loop() -> None:
    registered(Double)
    session = Session()
    x = session.input("x0", (2, 3))
    loop = session.network.add_loop()
    loop.add_trip_limit(constant(session, torch.tensor(3), trt.int64), trt.TripLimit.COUNT)
    carried = loop.add_recurrence(x)
    carried.set_input(1, session.network.add_plugin_v3([carried.get_output(0)], [], Double()).get_output(0))
    last = loop.add_loop_output(carried.get_output(0), trt.LoopOutput.LAST_VALUE)
    session.network.mark_output(last.get_output(0))
    x = sample((2, 3))
    assert torch.equal(Runner(session.engine())(x0=x)[0], x * 8)


@pytest.mark.parametrize("taken", [True, False])
def test_a_plugin_in_a_branch(taken: bool) -> None:
    registered(Double)
    session = Session()
    x, flag = session.input("x0", (2, 3)), session.input("flag", (), trt.bool)
    either = session.network.add_if_conditional()
    either.set_condition(flag)
    inner = either.add_input(x).get_output(0)
    doubled = session.network.add_plugin_v3([inner], [], Double()).get_output(0)
    negated = session.network.add_unary(inner, trt.UnaryOperation.NEG).get_output(0)
    session.network.mark_output(either.add_output(doubled, negated).get_output(0))
    x = sample((2, 3))
    y = Runner(session.engine())(x0=x, flag=torch.tensor(taken))[0]
    assert torch.equal(y, x * 2 if taken else -x)
