"""Refit: new weights for an engine, by layer and role or by name, whole and stripped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TRT_OF, device, sample
from tests.engine._members import STATS_10_14, VERSION, needs
from tests.engine._session import MAJOR, STRONG, Session, needs_weak_types, on_device

Flag = trt.BuilderFlag
Weights = dict[str, torch.Tensor]


def weights_of(tensor: torch.Tensor) -> trt.Weights:
    return trt.Weights(TRT_OF[tensor.dtype], tensor.data_ptr(), tensor.numel())


def whole(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> torch.Tensor:
    return sample(shape, torch.int32, -2, 3, seed).to(dtype)


def some_weights(seed: int, dtype: torch.dtype = torch.float32) -> Weights:
    return {
        "kernel": whole((4, 3, 3, 3), dtype, seed),
        "bias": whole((4,), dtype, seed),
        "shift": whole((4,), dtype, seed + 1),
        "scale": whole((4,), dtype, seed + 2),
        "matrix": whole((6, 5), dtype, seed),
        "addend": whole((1, 1, 1, 5), dtype, seed),
    }


def expected(x: torch.Tensor, w: Weights) -> torch.Tensor:
    d = {name: value.double() for name, value in w.items()}
    y = torch.nn.functional.conv2d(x.double(), d["kernel"], d["bias"])
    y = y * d["scale"].view(1, 4, 1, 1) + d["shift"].view(1, 4, 1, 1)
    return (y @ d["matrix"] + d["addend"]).to(x.dtype)


class Net(Session):
    """x [2, 3, 8, 8] -> convolution -> scale -> product with a matrix -> sum -> y;
    every kind of weights once."""

    def __init__(
        self, weights: Weights, *flags: trt.BuilderFlag, named: tuple[str, ...] = (), weak: bool = False
    ) -> None:
        super().__init__(0 if weak else STRONG)
        self.weights = weights
        self.dtype = next(iter(weights.values())).dtype
        for flag in flags:
            self.config.set_flag(flag)
        w = {name: weights_of(value) for name, value in weights.items()}
        x = self.input("x", (2, 3, 8, 8), TRT_OF[self.dtype])
        conv = self.network.add_convolution_nd(x, 4, (3, 3), w["kernel"], w["bias"])
        conv.name = "conv"
        scale = self.network.add_scale(conv.get_output(0), trt.ScaleMode.CHANNEL, w["shift"], w["scale"])
        scale.name = "scale"
        matrix = self.network.add_constant((1, 1, 6, 5), w["matrix"])
        matrix.name = "matrix"
        none = trt.MatrixOperation.NONE
        product = self.network.add_matrix_multiply(scale.get_output(0), none, matrix.get_output(0), none)
        addend = self.network.add_constant((1, 1, 1, 5), w["addend"])
        addend.name = "addend"
        total = self.network.add_elementwise(
            product.get_output(0), addend.get_output(0), trt.ElementWiseOperation.SUM
        )
        total.get_output(0).name = "y"
        self.network.mark_output(total.get_output(0))
        if weak:
            total.get_output(0).dtype = TRT_OF[self.dtype]
        for name in named:
            assert self.network.set_weights_name(w[name], f"w.{name}")


PLACES: dict[str, tuple[str, trt.WeightsRole]] = {
    "kernel": ("conv", trt.WeightsRole.KERNEL),
    "bias": ("conv", trt.WeightsRole.BIAS),
    "shift": ("scale", trt.WeightsRole.SHIFT),
    "scale": ("scale", trt.WeightsRole.SCALE),
    "matrix": ("matrix", trt.WeightsRole.CONSTANT),
    "addend": ("addend", trt.WeightsRole.CONSTANT),
}


def run(context: trt.IExecutionContext, x: torch.Tensor) -> torch.Tensor:
    here = on_device(x)
    y = torch.full((2, 4, 6, 5), float("nan"), dtype=x.dtype, device=here.device)
    assert context.set_tensor_address("x", here.data_ptr())
    assert context.set_tensor_address("y", y.data_ptr())
    assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if here.is_cuda else 0)
    if here.is_cuda:
        torch.cuda.synchronize()
    return y.cpu()


def check(context: trt.IExecutionContext, w: Weights) -> None:
    x = whole((2, 3, 8, 8), next(iter(w.values())).dtype, 0)
    assert torch.equal(run(context, x), expected(x, w))  # sums of small whole numbers are exact in any order


def refitter_of(net: Net, engine: trt.ICudaEngine) -> trt.Refitter:
    return trt.Refitter(engine, net.logger)


def set_all(refitter: trt.Refitter, w: Weights) -> None:
    for name, (layer, role) in PLACES.items():
        assert refitter.set_weights(layer, role, weights_of(w[name]))


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("flag", [Flag.REFIT, Flag.REFIT_IDENTICAL], ids=["refit", "identical"])
def test_contexts_that_exist_see_the_new_weights(flag: trt.BuilderFlag, level: int) -> None:
    old, new = some_weights(0), some_weights(10)
    net = Net(old, flag)
    net.config.builder_optimization_level = level
    engine = net.engine()
    assert engine.refittable
    context = engine.create_execution_context()
    check(context, old)
    refitter = refitter_of(net, engine)
    set_all(refitter, new)
    assert refitter.get_missing() == ([], []) and refitter.get_missing_weights() == []
    assert refitter.refit_cuda_engine(), net.logger.errors()
    check(context, new)
    check(engine.create_execution_context(), new)


@pytest.mark.parametrize("changed", sorted(PLACES))
def test_each_weights_alone(changed: str) -> None:
    old = some_weights(0)
    net = Net(old, Flag.REFIT)
    engine = net.engine()
    context = engine.create_execution_context()
    new = {**old, changed: some_weights(20)[changed]}
    refitter = refitter_of(net, engine)
    assert refitter.set_weights(*PLACES[changed], weights_of(new[changed]))
    assert refitter.refit_cuda_engine()
    check(context, new)


def test_names() -> None:
    old, new = some_weights(0), some_weights(10)
    net = Net(old, Flag.REFIT, named=("kernel", "matrix"))
    engine = net.engine()
    refitter = refitter_of(net, engine)
    layers, roles = refitter.get_all()
    assert sorted(zip(layers, map(int, roles), strict=True)) == sorted(
        (layer, int(role)) for layer, role in PLACES.values()
    )
    assert sorted(name or "" for name in refitter.get_all_weights()) == [
        "",
        "",
        "",
        "",
        "w.kernel",
        "w.matrix",
    ]
    prototype = refitter.get_weights_prototype("w.kernel")
    assert (prototype.dtype, prototype.size) == (trt.float32, 108)
    assert refitter.get_weights_prototype("nothing").size == -1
    location = trt.TensorLocation.DEVICE if device().type == "cuda" else trt.TensorLocation.HOST
    kernel = on_device(new["kernel"])
    assert refitter.set_named_weights("w.kernel", weights_of(kernel), location)
    assert refitter.get_weights_location("w.kernel") == location
    assert refitter.get_named_weights("w.kernel").size == 108
    assert refitter.set_named_weights("w.matrix", weights_of(new["matrix"]))
    assert refitter.unset_named_weights("w.matrix") and not refitter.unset_named_weights("w.matrix")
    stream = torch.cuda.current_stream().cuda_stream if kernel.is_cuda else 0
    assert refitter.refit_cuda_engine_async(stream)
    check(engine.create_execution_context(), {**old, "kernel": new["kernel"]})
    assert not net.logger.errors()


def test_wrong_weights_are_refused() -> None:
    net = Net(some_weights(0), Flag.REFIT, named=("kernel",))
    refitter = refitter_of(net, net.engine())
    small, half = torch.zeros(3), torch.zeros(108, dtype=torch.float16)
    for call in (  # c1 of the refitter
        lambda: refitter.set_weights("nobody", trt.WeightsRole.KERNEL, weights_of(small)),
        lambda: refitter.set_weights("conv", trt.WeightsRole.SHIFT, weights_of(small)),
        lambda: refitter.set_named_weights("nobody", weights_of(small)),
    ):
        assert not call()
        assert "may be exchanged" in net.logger.last_error()
    for call in (  # c2 of the refitter
        lambda: refitter.set_weights("conv", trt.WeightsRole.KERNEL, weights_of(small)),
        lambda: refitter.set_named_weights("w.kernel", weights_of(half)),
    ):
        assert not call()
        error = net.logger.last_error()
        assert "108 elements of float32" in error and "w.kernel" in error
    assert refitter.get_named_weights("w.kernel").size == 0
    assert "not set" in net.logger.last_error()


def test_memory_of_weights_may_go_after_the_refit() -> None:
    old, new = some_weights(0), some_weights(10)
    net = Net(old, Flag.REFIT, named=("kernel", "matrix"))
    engine = net.engine()
    refitter = refitter_of(net, engine)
    lent = new["kernel"].clone()
    assert refitter.set_named_weights("w.kernel", weights_of(lent))
    assert refitter.refit_cuda_engine()
    lent.fill_(99)
    assert refitter.refit_cuda_engine()  # nothing new
    assert refitter.set_named_weights("w.matrix", weights_of(new["matrix"]))
    assert refitter.refit_cuda_engine()
    check(engine.create_execution_context(), {**old, "kernel": new["kernel"], "matrix": new["matrix"]})
    assert refitter.get_named_weights("w.kernel").size == 108
    lent.fill_(1)
    assert refitter.set_named_weights("w.kernel", weights_of(lent))  # given again, read again
    assert refitter.refit_cuda_engine()
    check(engine.create_execution_context(), {**old, "kernel": lent, "matrix": new["matrix"]})


def test_refitters_of_one_engine_know_what_another_has_brought() -> None:
    weights = some_weights(0)
    net = Net(weights, Flag.STRIP_PLAN)
    engine = net.engine()
    first, second = refitter_of(net, engine), refitter_of(net, engine)
    assert len(second.get_missing()[0]) == len(PLACES)
    set_all(first, weights)
    assert first.refit_cuda_engine()
    assert second.get_missing()[0] == []
    kernel = some_weights(3)["kernel"]
    assert second.set_weights("conv", trt.WeightsRole.KERNEL, weights_of(kernel))
    assert second.refit_cuda_engine()
    check(engine.create_execution_context(), {**weights, "kernel": kernel})


def test_layers_of_one_name_are_told_of() -> None:
    session = Session()
    session.config.set_flag(Flag.REFIT)
    ones = torch.ones(4)
    y = session.input("x", (2, 4))
    for _ in range(2):
        constant = session.network.add_constant((1, 4), weights_of(ones))
        constant.name = "same"
        y = session.network.add_elementwise(
            y, constant.get_output(0), trt.ElementWiseOperation.SUM
        ).get_output(0)
    session.network.mark_output(y)
    assert session.plan() is not None
    warning = session.logger.warnings()
    assert len(warning) == 1 and 'named "same"' in warning[0]
    assert session.network.set_weights_name(weights_of(ones), "ones")  # which is how both are reached
    session.logger.lines.clear()
    assert session.plan() is not None and not session.logger.warnings()


def test_options_of_a_refitter() -> None:
    net = Net(some_weights(0), Flag.REFIT)
    refitter = refitter_of(net, net.engine())
    assert refitter.weights_validation and refitter.logger is net.logger
    refitter.weights_validation = False
    refitter.max_threads = 3
    assert not refitter.weights_validation and refitter.max_threads == 3
    if MAJOR > 10:
        return  # which has no dynamic ranges
    assert refitter.get_tensors_with_dynamic_range() == []
    assert not refitter.set_dynamic_range("y", (-1, 1))
    assert "dynamic range" in net.logger.last_error()


def test_only_marked_weights_of_an_individual_engine() -> None:
    old, new = some_weights(0), some_weights(10)
    net = Net(old, Flag.REFIT_INDIVIDUAL, named=("kernel", "matrix"))
    assert net.network.mark_weights_refittable("w.matrix")
    engine = net.engine()
    assert engine.refittable
    refitter = refitter_of(net, engine)
    assert refitter.get_all_weights() == ["w.matrix"]
    assert not refitter.set_named_weights("w.kernel", weights_of(new["kernel"]))
    assert refitter.set_named_weights("w.matrix", weights_of(new["matrix"])) and refitter.refit_cuda_engine()
    check(engine.create_execution_context(), {**old, "matrix": new["matrix"]})


@needs_weak_types
def test_weights_of_a_weakly_typed_network_keep_the_type_they_were_given_in() -> None:
    old, new = some_weights(0, torch.float16), some_weights(10, torch.float16)
    net = Net(old, Flag.REFIT, weak=True)
    engine = net.engine()
    refitter = refitter_of(net, engine)
    assert not refitter.set_weights("conv", trt.WeightsRole.BIAS, weights_of(new["bias"].float()))
    set_all(refitter, new)
    assert refitter.refit_cuda_engine()
    check(engine.create_execution_context(), new)


def test_weights_that_shapes_depend_on_are_no_weights() -> None:
    session = Session()
    session.config.set_flag(Flag.REFIT)
    lengths = torch.tensor([3, 2])
    shuffle = session.network.add_shuffle(session.input("x", (2, 3)))
    shuffle.set_input(1, session.network.add_constant((2,), weights_of(lengths)).get_output(0))
    session.network.mark_output(shuffle.get_output(0))
    assert trt.Refitter(session.engine(), session.logger).get_all() == ([], [])


def test_an_engine_without_refit_flags_has_no_refitter() -> None:
    net = Net(some_weights(0))
    engine = net.engine()
    with pytest.raises((TypeError, RuntimeError, ValueError)):
        trt.Refitter(engine, net.logger)
    assert "not refittable" in net.logger.last_error()


# ---- without weights

STRIPPED: dict[str, Callable[[Net], Any]] = {
    "flag": lambda net: net.plan(),
    "serialized without": lambda net: without_weights(net),
}


def without_weights(net: Net) -> Any:
    engine = net.builder.build_engine_with_config(net.network, net.config)
    config = engine.create_serialization_config()
    config.set_flag(trt.SerializationFlag.EXCLUDE_WEIGHTS)
    return engine.serialize_with_config(config)


def stripped_net(w: Weights, way: str) -> tuple[Net, bytes]:
    flags = (Flag.STRIP_PLAN, Flag.REFIT_IDENTICAL) if way == "flag" else (Flag.REFIT,)
    net = Net(w, *flags, named=("kernel",))
    return net, bytes(STRIPPED[way](net))


@pytest.mark.parametrize("way", sorted(STRIPPED))
def test_a_stripped_engine_runs_when_it_has_its_weights(way: str) -> None:
    w = some_weights(0)
    net, plan = stripped_net(w, way)
    for value in w.values():
        assert value.numpy().tobytes() not in plan
    engine = trt.Runtime(net.logger).deserialize_cuda_engine(plan)
    assert engine.refittable and tuple(engine.get_tensor_shape("y")) == (2, 4, 6, 5)
    context = engine.create_execution_context()
    x, y = on_device(sample((2, 3, 8, 8))), on_device(torch.zeros(2, 4, 6, 5))
    assert context.set_tensor_address("x", x.data_ptr()) and context.set_tensor_address("y", y.data_ptr())
    assert not context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
    assert "w.kernel" in (error := net.logger.last_error()) and "refit" in error
    refitter = refitter_of(net, engine)
    assert refitter.get_missing_weights().count("w.kernel") == 1 and len(refitter.get_missing()[0]) == len(
        PLACES
    )
    assert refitter.set_named_weights("w.kernel", weights_of(w["kernel"]))
    assert not refitter.refit_cuda_engine()  # c3 of the refitter
    assert "missing" in net.logger.last_error()
    set_all(refitter, w)
    assert refitter.get_missing_weights() == [] and refitter.refit_cuda_engine()
    check(context, w)
    assert refitter.get_missing() == ([], [])


@needs("SerializationFlag.INCLUDE_REFIT")
def test_what_a_refitted_engine_is_serialized_as() -> None:
    w = some_weights(0)
    net, plan = stripped_net(w, "flag")
    runtime = trt.Runtime(net.logger)
    engine = runtime.deserialize_cuda_engine(plan)
    refitter = refitter_of(net, engine)
    set_all(refitter, w)
    assert refitter.refit_cuda_engine()
    config = engine.create_serialization_config()
    whole = runtime.deserialize_cuda_engine(bytes(engine.serialize_with_config(config)))
    assert not whole.refittable
    check(whole.create_execution_context(), w)
    config.set_flag(trt.SerializationFlag.INCLUDE_REFIT)
    again = runtime.deserialize_cuda_engine(bytes(engine.serialize_with_config(config)))
    assert again.refittable
    check(again.create_execution_context(), w)
    config.set_flag(trt.SerializationFlag.EXCLUDE_WEIGHTS)
    stripped = runtime.deserialize_cuda_engine(bytes(engine.serialize_with_config(config)))
    assert len(refitter_of(net, stripped).get_missing()[0]) == len(PLACES)


def test_an_engine_that_is_not_refittable_cannot_leave_weights_out() -> None:
    net = Net(some_weights(0))
    engine = net.engine()
    config = engine.create_serialization_config()
    config.set_flag(trt.SerializationFlag.EXCLUDE_WEIGHTS)
    assert engine.serialize_with_config(config) is None
    assert "not refittable" in net.logger.last_error()


@needs("ICudaEngine.get_engine_stat")
@pytest.mark.xfail(VERSION == (10, 14), raises=TypeError, strict=True, reason=STATS_10_14)
def test_sizes_of_stripped_weights_are_told() -> None:
    stat = trt.EngineStat.STRIPPED_WEIGHTS_SIZE
    w = some_weights(0)
    assert Net(w).engine().get_engine_stat(stat) == -1
    for way in sorted(STRIPPED):
        net, plan = stripped_net(w, way)
        engine = trt.Runtime(net.logger).deserialize_cuda_engine(plan)
        assert engine.get_engine_stat(stat) == 4 * sum(v.numel() for v in w.values())


def test_a_refittable_plan_is_written_and_read_with_its_weights() -> None:
    old, new = some_weights(0), some_weights(10)
    net = Net(old, Flag.REFIT)
    runtime = trt.Runtime(net.logger)
    engine = runtime.deserialize_cuda_engine(bytes(net.engine().serialize()))
    check(engine.create_execution_context(), old)
    refitter = refitter_of(net, engine)
    set_all(refitter, new)
    assert refitter.refit_cuda_engine()
    check(runtime.deserialize_cuda_engine(bytes(engine.serialize())).create_execution_context(), new)


def test_dynamic_shapes_and_addresses_stay_set() -> None:
    session = Session()
    session.config.set_flag(Flag.REFIT)
    old, new = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([5.0, 6.0, 7.0])
    table = session.network.add_constant((1, 3), weights_of(old))
    table.name = "table"
    total = session.network.add_elementwise(
        session.input("x", (-1, 3)), table.get_output(0), trt.ElementWiseOperation.SUM
    )
    total.get_output(0).name = "y"
    session.network.mark_output(total.get_output(0))
    session.profile(x=((1, 3), (2, 3), (8, 3)))
    engine = session.engine()
    context = engine.create_execution_context()
    x, y = on_device(sample((4, 3))), on_device(torch.zeros(4, 3))
    assert context.set_input_shape("x", (4, 3))
    assert context.set_tensor_address("x", x.data_ptr()) and context.set_tensor_address("y", y.data_ptr())
    refitter = trt.Refitter(engine, session.logger)
    assert (
        refitter.set_weights("table", trt.WeightsRole.CONSTANT, weights_of(new))
        and refitter.refit_cuda_engine()
    )
    assert tuple(context.get_tensor_shape("y")) == (4, 3)
    assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
    if x.is_cuda:
        torch.cuda.synchronize()
    assert torch.equal(y.cpu(), x.cpu() + new)
