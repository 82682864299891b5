// NMS: per batch item and class, boxes in decreasing order of score; one is selected if its score is above a threshold
// and its overlap with every box selected before is not. Answers rows (batch, class, box) and their number.
//   c1  boxes, scores, the limit per class, and perhaps the IoU and score thresholds
//   c2  boxes and scores of one type, float32 or float16
//   c3  the limit per class is an int32 scalar
//   c4  thresholds are float32 scalars
//   c5  indices int32 or int64
//   c6  boxes [batch, boxes, 4] or [batch, boxes, classes, 4], scores [batch, boxes, classes]
//   c7  lengths that boxes and scores share are equal
//   c8  the limit of candidates lies in [1, 5000]
//   c9  the limit per class is not negative
//   c10 the IoU threshold lies in [0, 1]                 (nms_aten.cpp where only run time knows it)
#include "core/engine/layers/nms.h"

#include <algorithm>

#include "core/engine/layers/args.h"

namespace torchtrt::engine {
namespace {

void check_boxes(const Shape& boxes, const Shape& scores) {
  const int rank = boxes.rank();
  TORCHTRT_CHECK(
      (rank == 3 || rank == 4) && scores.rank() == 3 && may_equal(boxes[rank - 1], 4),
      "boxes [batch, boxes, 4] or [batch, boxes, classes, 4] and scores [batch, boxes, classes] expected, got ", boxes,
      " and ", scores);  // c6
  for (int axis = 0; axis < rank - 1; ++axis)
    TORCHTRT_CHECK(may_equal(boxes[axis], scores[axis]), "boxes ", boxes, " and scores ", scores, " differ at axis ",
                   axis);  // c7
}

// The limit per class, where it is known.
std::optional<int64_t> limit_of(const ShapeArgs& in) {
  const auto limit = number_of_input("the limit of boxes per class", in, 2);                               // c3
  TORCHTRT_CHECK(!limit || *limit >= 0, "the limit of boxes per class is negative: ", limit.value_or(0));  // c9
  return limit;
}

}  // namespace

void NMS::check_overlap(double threshold) {
  TORCHTRT_CHECK(threshold >= 0 && threshold <= 1, "the IoU threshold ", threshold, " lies outside [0, 1]");
}

Types NMS::infer_types(const Types& in) const {
  expect_inputs(in, 3, 5);                                                                                  // c1
  expect_type(in[0] == DType::kFloat32 || in[0] == DType::kFloat16, "boxes", "float32 or float16", in[0]);  // c2
  expect_type(in[1] == in[0], "the scores", join(in[0], " like the boxes"), in[1]);                         // c2
  expect_type(in[2] == DType::kInt32, "the limit of boxes per class", "int32", in[2]);                      // c3
  for (size_t i = 3; i < in.size(); ++i)
    expect_type(in[i] == DType::kNone || in[i] == DType::kFloat32, "a threshold of NMS", "float32", in[i]);  // c4
  expect_type(is_index(indices_type), "the type of the indices", "int32 or int64", indices_type);            // c5
  TORCHTRT_CHECK(box_limit >= 1 && box_limit <= kMostBoxes, "the limit of candidates ", box_limit, " lies outside [1, ",
                 kMostBoxes, "]");  // c8
  return {indices_type, DType::kInt32};
}

Shapes NMS::infer_shapes(const ShapeArgs& in) const {
  check_boxes(in[0], in[1]);
  limit_of(in);
  for (int i = 3; i < in.size(); ++i)
    TORCHTRT_CHECK(!in.has(i) || in[i].rank() == 0, "a threshold of NMS must be a scalar, got ", in[i]);  // c4
  if (const HostValue* overlap = in.has(3) ? in.value(3) : nullptr; overlap && overlap->is_known())
    NMS::check_overlap(overlap->elements.at(0).as_float());  // c10
  return {Shape{kUnknown, 3}, Shape{}};
}

Shapes NMS::max_shapes(const ShapeArgs& in) const {
  const Shape& scores = in[1];
  const int64_t boxes = unify(in[0][1], scores[1]);
  const int64_t per_class = boxes == kUnknown ? kUnknown : std::min(boxes, limit_of(in).value_or(boxes));
  return {Shape{Shape{unify(in[0][0], scores[0]), scores[2], per_class}.volume(), 3}, Shape{}};
}

TORCHTRT_LAYER(NMS)

}  // namespace torchtrt::engine
