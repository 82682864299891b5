"""Every property of every layer: its default, and that setting it changes it and nothing else."""

from typing import Any

import numpy as np
import pytest
import tensorrt as trt

from tests.engine._layer_fields import LAYERS, NONE, Add, floats, image
from tests.engine._session import Session


def read(layer: trt.ILayer, name: str) -> Any:
    value = getattr(layer, name)
    if not isinstance(value, (trt.Dims, tuple)):
        return value
    try:
        return tuple(value)
    except ValueError:  # the bindings' way to say that nbDims is -1
        return None


@pytest.mark.parametrize(("add", "fields"), [row[1:] for row in LAYERS], ids=[row[0] for row in LAYERS])
def test_fields(add: Add, fields: dict[str, tuple[Any, list[Any]]]) -> None:
    for name, (default, others) in fields.items():
        for other in others:
            session = Session()
            layer = add(session)
            assert layer is not None, session.logger.errors()
            before = {field: read(layer, field) for field in fields}
            assert before[name] == default, name
            setattr(layer, name, other)
            assert session.logger.errors() == []
            assert read(layer, name) == other, name
            assert {field: read(layer, field) for field in fields if field != name} == {
                field: value for field, value in before.items() if field != name
            }


def test_paddings_together() -> None:
    session = Session()
    for layer in (
        session.network.add_pooling_nd(image(session), trt.PoolingType.MAX, (3, 3)),
        session.network.add_convolution_nd(session.network.get_input(0), 2, (3, 3), floats(2, 4, 3, 3), NONE),
    ):
        layer.padding_nd = (1, 2)
        assert tuple(layer.padding_nd) == tuple(layer.pre_padding) == tuple(layer.post_padding) == (1, 2)


def test_weights_come_back() -> None:
    session = Session()
    kernel, bias = floats(4, 4, 3, 3) * 2, floats(4) * 3
    layer = session.network.add_convolution_nd(image(session), 4, (3, 3), kernel, bias)
    assert np.array_equal(layer.kernel.reshape(kernel.shape), kernel)
    assert np.array_equal(layer.bias, bias)
    scale = session.network.add_scale(
        session.network.get_input(0), trt.ScaleMode.CHANNEL, bias, bias * 2, bias * 3
    )
    assert scale.channel_axis == 1
    assert np.array_equal(scale.shift, bias) and np.array_equal(scale.scale, bias * 2)
    assert np.array_equal(scale.power, bias * 3)


def test_permutations() -> None:
    layer = (session := Session()).network.add_shuffle(image(session))
    layer.first_transpose = (0, 2, 3, 1)
    layer.second_transpose = (3, 0, 1, 2)
    assert tuple(layer.first_transpose)[:4] == (0, 2, 3, 1)
    assert tuple(layer.second_transpose)[:4] == (3, 0, 1, 2)
    layer.second_transpose = (0, 0, 1, 2)
    assert "not a permutation" in session.logger.last_error()
    assert tuple(layer.second_transpose)[:4] == (3, 0, 1, 2)


def test_fill_with_integers() -> None:
    session = Session()
    layer = session.network.add_fill((4,), trt.FillOperation.LINSPACE, trt.int64)
    assert layer.to_type == trt.int64
    layer.alpha, layer.beta = 2, 3
    assert (layer.alpha, layer.beta) == (2, 3)


@pytest.mark.parametrize(("index", "field"), [(1, "start"), (2, "shape"), (3, "stride")])
def test_tensors_replace_static_lists_and_the_other_way_round(index: int, field: str) -> None:
    session = Session()
    layer = session.network.add_slice(image(session), (0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 1, 1))
    layer.set_input(index, session.input("list", (4,), trt.int64))
    assert read(layer, field) is None
    assert layer.num_inputs == index + 1
    setattr(layer, field, (1, 1, 1, 1))
    assert read(layer, field) == (1, 1, 1, 1)
    assert layer.get_input(index) is None
    assert session.logger.errors() == []


def test_slice_without_static_lists() -> None:
    session = Session()
    layer = session.network.add_slice(image(session), trt.Dims(), trt.Dims(), trt.Dims())
    assert layer is not None, session.logger.errors()
    for index in (1, 2, 3):
        layer.set_input(index, session.input(f"list{index}", (4,), trt.int64))
    assert tuple(layer.get_output(0).shape) == (-1, -1, -1, -1)
    assert session.logger.errors() == []


def test_reshape_and_k_from_tensors() -> None:
    session = Session()
    x = image(session)
    shuffle = session.network.add_shuffle(x)
    shuffle.set_input(1, session.input("dims", (3,), trt.int32))
    assert read(shuffle, "reshape_dims") is None
    assert tuple(shuffle.get_output(0).shape) == (-1, -1, -1)
    shuffle.reshape_dims = (8, 64)
    assert shuffle.get_input(1) is None and shuffle.num_inputs == 2
    topk = session.network.add_topk(x, trt.TopKOperation.MAX, 2, 1 << 3)
    topk.set_input(1, session.input("k", (), trt.int32))
    assert topk.k == -1
    topk.k = 4
    assert topk.k == 4 and topk.get_input(1) is None
    assert session.logger.errors() == []
