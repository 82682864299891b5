"""NMS against a reference that follows its definition box by box."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import TRT_OF, Net, build_engine, build_error, growing, sample
from tests.engine._late import late_outputs
from tests.engine._members import needs
from tests.engine._session import Session

CORNERS, CENTERS = trt.BoundingBoxFormat.CORNER_PAIRS, trt.BoundingBoxFormat.CENTER_SIZES


def nms(
    limit: int = 100,
    iou: float | None = 0.4,
    score: float | None = None,
    format: trt.BoundingBoxFormat = CORNERS,
    candidates: int = 5000,
    indices: trt.DataType | None = None,
) -> Any:
    def build(n: Net, boxes: trt.ITensor, scores: trt.ITensor) -> trt.INMSLayer:
        most = n.constant(torch.tensor(limit, dtype=torch.int32))
        layer = n.add_nms(boxes, scores, most, *([] if indices is None else [indices]))
        layer.bounding_box_format = format
        layer.topk_box_limit = candidates
        for index, threshold in ((3, iou), (4, score)):
            if threshold is not None:
                layer.set_input(index, n.constant(torch.tensor(threshold, dtype=torch.float32)))
        return layer

    return build


def overlap(a: torch.Tensor, b: torch.Tensor) -> float:
    sides = (torch.minimum(a[2:], b[2:]) - torch.maximum(a[:2], b[:2])).clamp(min=0)
    common = float(sides.prod())
    whole = float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - common
    return common / whole if whole > 0 else 0.0


def reference(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    limit: int = 100,
    iou: float | None = 0.4,
    score: float | None = None,
    format: trt.BoundingBoxFormat = CORNERS,
    candidates: int = 5000,
) -> torch.Tensor:
    boxes, scores = boxes.double(), scores.double()
    first, second = boxes[..., :2], boxes[..., 2:]
    if format == CENTERS:
        first, second = first - second / 2, first + second / 2
    boxes = torch.cat([torch.minimum(first, second), torch.maximum(first, second)], -1)
    rows = []
    for item in range(scores.shape[0]):
        order = sorted(
            ((b, c) for b in range(scores.shape[1]) for c in range(scores.shape[2])),
            key=lambda at: -float(scores[item][at]),
        )
        kept: dict[int, list[torch.Tensor]] = {}
        for b, c in order[:candidates]:
            box = boxes[item, b] if boxes.dim() == 3 else boxes[item, b, c]
            former = kept.setdefault(c, [])
            if not scores[item, b, c] > (score or 0.0) or len(former) >= limit:
                continue
            if all(overlap(box, other) <= (iou or 0.0) for other in former):
                former.append(box)
                rows.append([item, c, b])
    return torch.tensor(rows, dtype=torch.long).reshape(-1, 3)


def check_nms(
    boxes: torch.Tensor, scores: torch.Tensor, dynamic: Any = False, dtype: Any = torch.int32, **how: Any
) -> None:
    indices = how.pop("indices", None)
    plan, log = build_engine(nms(indices=indices, **how), [boxes, scores], dynamic)
    assert plan is not None, log
    rows, count = late_outputs(plan, [boxes, scores])
    expected = reference(boxes, scores, **how)
    assert rows.dtype == dtype and count.dtype == torch.int32 and count.shape == ()
    assert int(count) == len(expected)
    assert torch.equal(rows.long(), expected)


def distinct(shape: tuple[int, ...], dtype: torch.dtype, seed: int = 0) -> torch.Tensor:
    """Scores of which no two in a batch item are equal, some of them below 0."""
    generator = torch.Generator().manual_seed(seed)
    count = shape[1] * shape[2]
    rows = [torch.randperm(count, generator=generator) - count // 8 for _ in range(shape[0])]
    return (torch.stack(rows).reshape(shape) / 256).to(dtype) if rows else torch.zeros(shape, dtype=dtype)


def boxes_of(shape: tuple[int, ...], dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    return sample(shape, dtype, 0, 4, seed)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("per_class", [False, True])
@pytest.mark.parametrize("format", [CORNERS, CENTERS], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_types_and_formats(
    dtype: torch.dtype, format: trt.BoundingBoxFormat, per_class: bool, dynamic: bool
) -> None:
    boxes = boxes_of((2, 12, 3, 4) if per_class else (2, 12, 4), dtype)
    scores = distinct((2, 12, 3), dtype)
    ranges = [growing(boxes, 1), growing(scores, 1)] if dynamic else False
    check_nms(boxes, scores, ranges, format=format)


@pytest.mark.parametrize("limit", [0, 1, 3, 1000])
@pytest.mark.parametrize("score", [None, 0.05, -5.0, 100.0])
@pytest.mark.parametrize("iou", [None, 0.0, 0.3, 1.0])
def test_thresholds(iou: float | None, score: float | None, limit: int) -> None:
    check_nms(boxes_of((1, 20, 4)), distinct((1, 20, 2), torch.float32), limit=limit, iou=iou, score=score)


@pytest.mark.parametrize("candidates", [1, 7, 5000])
def test_limit_of_candidates(candidates: int) -> None:
    check_nms(boxes_of((2, 20, 4)), distinct((2, 20, 2), torch.float32), candidates=candidates, iou=1.0)


@needs("INetworkDefinition.add_nms(indices_type)")
@pytest.mark.parametrize("indices", [torch.int32, torch.int64])
def test_types_of_indices(indices: torch.dtype) -> None:
    boxes, scores = boxes_of((1, 9, 4)), distinct((1, 9, 1), torch.float32)
    check_nms(boxes, scores, indices=TRT_OF[indices], dtype=indices)


@pytest.mark.parametrize("shape", [(1, 0, 2), (0, 3, 2), (2, 3, 0)])
def test_no_boxes(shape: tuple[int, int, int]) -> None:
    check_nms(torch.zeros(*shape[:2], 4), torch.zeros(shape))


def test_boxes_without_area_and_scores_that_are_no_numbers() -> None:
    boxes = torch.tensor([[[1.0, 1, 1, 1], [1, 1, 1, 1], [0, 0, 2, 2]]])
    scores = torch.tensor([[[0.5], [0.4], [float("nan")]]])
    plan, log = build_engine(nms(iou=0.0), [boxes, scores])
    assert plan is not None, log
    rows, count = late_outputs(plan, [boxes, scores])
    assert rows.tolist() == [[0, 0, 0], [0, 0, 1]] and int(count) == 2


def test_equal_scores_repeat() -> None:
    boxes, scores = boxes_of((1, 30, 4)), torch.full((1, 30, 2), 0.5)
    plan, _ = build_engine(nms(), [boxes, scores])
    first, second = (late_outputs(plan, [boxes, scores])[0] for _ in range(2))
    assert torch.equal(first, second)


def test_many_boxes() -> None:
    boxes, scores = boxes_of((1, 3000, 4)), torch.rand(1, 3000, 2, generator=torch.Generator().manual_seed(1))
    check_nms(boxes, scores, limit=3, candidates=1500)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 3), st.integers(0, 9), st.integers(1, 3), st.sampled_from([0.1, 0.5]), st.integers(0, 9)
)
def test_any_shape(batch: int, boxes: int, classes: int, iou: float, seed: int) -> None:
    scores = distinct((batch, boxes, classes), torch.float32, seed)
    check_nms(boxes_of((batch, boxes, 4), seed=seed), scores, iou=iou)


def test_bounds() -> None:
    session = Session()
    network = Net(session.network)
    boxes, scores = session.input("boxes", (2, -1, 4)), session.input("scores", (2, -1, 3))
    layer = nms(limit=5)(network, boxes, scores)
    for i, name in enumerate(("rows", "count")):
        layer.get_output(i).name = name
        session.network.mark_output(layer.get_output(i))
    session.profile(boxes=((2, 1, 4), (2, 8, 4), (2, 50, 4)), scores=((2, 1, 3), (2, 8, 3), (2, 50, 3)))
    context = session.engine().create_execution_context()
    assert context.get_max_output_size("rows") == 2 * 3 * 5 * 3 * 4  # the limit per class
    for name, last in (("boxes", 4), ("scores", 3)):
        assert context.set_input_shape(name, (2, 4, last))
    assert context.get_max_output_size("rows") == 2 * 3 * 4 * 3 * 4  # the boxes there are
    assert context.get_max_output_size("count") == 4
    assert tuple(context.get_tensor_shape("rows")) == (-1, 3)
    assert tuple(context.get_tensor_shape("count")) == ()


def test_limit_as_an_input() -> None:
    session = Session()
    boxes, scores = session.input("x0", (1, 9, 4)), session.input("x1", (1, 9, 2))
    limit = session.input("x2", (), trt.int32)
    layer = session.network.add_nms(boxes, scores, limit)
    for i in range(2):
        layer.get_output(i).name = f"y{i}"
        session.network.mark_output(layer.get_output(i))
    profile = session.builder.create_optimization_profile()
    profile.set_shape_input("x2", (0,), (2,), (9,))
    session.config.add_optimization_profile(profile)
    plan = session.plan()
    assert plan is not None, session.logger.errors()
    inputs = [boxes_of((1, 9, 4)), distinct((1, 9, 2), torch.float32), torch.tensor(2, dtype=torch.int32)]
    rows, _ = late_outputs(plan, inputs)
    assert torch.equal(rows.long(), reference(*inputs[:2], limit=2, iou=None))


def test_layers_behind() -> None:
    def build(n: Net, boxes: trt.ITensor, scores: trt.ITensor) -> trt.ITensor:
        rows = nms()(n, boxes, scores).get_output(0)
        where = n.add_slice(rows, (0, 0), (0, 0), (1, 2))  # columns batch and box
        shape = n.add_shape(rows).get_output(0)
        count = n.add_slice(shape, (0,), (1,), (1,)).get_output(0)
        two = n.constant(torch.tensor([2]))
        where.set_input(2, n.add_concatenation([count, two]).get_output(0))
        return n.add_gather_v2(boxes, where.get_output(0), trt.GatherMode.ND)

    boxes, scores = boxes_of((2, 9, 4)), distinct((2, 9, 2), torch.float32)
    plan, log = build_engine(build, [boxes, scores])
    assert plan is not None, log
    (picked,) = late_outputs(plan, [boxes, scores])
    rows = reference(boxes, scores)
    assert torch.equal(picked, boxes[rows[:, 0], rows[:, 2]])


def test_refusals() -> None:
    boxes, scores = boxes_of((1, 5, 4)), distinct((1, 5, 2), torch.float32)
    half = [boxes.bfloat16(), scores.bfloat16()]
    assert "float32 or float16, not bfloat16" in build_error(nms(), half)  # c2
    assert "float32 like the boxes" in build_error(nms(), [boxes, scores.half()])  # c2

    def with_limit(limit: torch.Tensor) -> Any:
        return lambda n, b, s: n.add_nms(b, s, n.constant(limit))

    def with_threshold(threshold: torch.Tensor) -> Any:
        def build(n: Net, b: trt.ITensor, s: trt.ITensor) -> trt.INMSLayer:
            layer = n.add_nms(b, s, n.constant(torch.tensor(3, dtype=torch.int32)))
            layer.set_input(3, n.constant(threshold))
            return layer

        return build

    both = [boxes, scores]
    assert "int32, not int64" in build_error(with_limit(torch.tensor(3)), both)  # c3
    assert "must be a scalar" in build_error(with_limit(torch.ones(1, dtype=torch.int32)), both)  # c3
    assert "must be a scalar" in build_error(with_threshold(torch.tensor([0.5])), both)  # c4
    for threshold in (-0.5, 1.5, float("nan")):
        assert "outside [0, 1]" in build_error(with_threshold(torch.tensor(threshold)), both)  # c10
    assert "[batch, boxes, 4]" in build_error(nms(), [boxes_of((1, 5, 3)), scores])  # c6
    assert "[batch, boxes, 4]" in build_error(nms(), [boxes_of((5, 4)), scores])  # c6
    assert "differ at axis 1" in build_error(nms(), [boxes_of((1, 6, 4)), scores])  # c7
    assert "differ at axis 2" in build_error(nms(), [boxes_of((1, 5, 3, 4)), scores])  # c7
    assert "is negative: -1" in build_error(nms(limit=-1), both)  # c9


@needs("INetworkDefinition.add_nms(indices_type)")
def test_refused_type_of_indices() -> None:
    both = [boxes_of((1, 5, 4)), distinct((1, 5, 2), torch.float32)]
    assert "int32 or int64" in build_error(nms(indices=trt.float32), both)  # c5


@needs("INMSLayer.indices_type")
def test_refused_settings_change_nothing() -> None:
    session = Session()
    limit = session.input("limit", (), trt.int32)
    layer = session.network.add_nms(
        session.input("boxes", (1, 5, 4)), session.input("scores", (1, 5, 2)), limit
    )
    assert (layer.bounding_box_format, layer.topk_box_limit, layer.indices_type) == (CORNERS, 5000, trt.int32)
    for count in (0, 5001):
        layer.topk_box_limit = count  # c8
        assert "outside [1, 5000]" in session.logger.last_error()
    layer.set_input(4, session.input("half", (), trt.float16))  # c4
    assert "float32, not float16" in session.logger.last_error()
    layer.set_input(5, session.input("more", (), trt.float32))  # c1
    assert "at most 5" in session.logger.last_error()
    assert layer.topk_box_limit == 5000 and layer.get_input(3) is None and layer.get_input(5) is None
    layer.bounding_box_format, layer.topk_box_limit, layer.indices_type = CENTERS, 17, trt.int64
    assert (layer.bounding_box_format, layer.topk_box_limit, layer.indices_type) == (CENTERS, 17, trt.int64)
    assert session.logger.errors() == []
