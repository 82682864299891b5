// NMS: candidates are chosen on the device; which of them survive is decided on the host, one after the other. Their
// number is data, so that the device has to be waited for anyway, and no more than 5000 per batch item come over.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <array>
#include <limits>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/nms.h"

namespace torchtrt::engine {
namespace {

using Box = std::array<float, 4>;  // y1, x1, y2, x2 with the smaller one first; the order of axes does not matter

// [..., 4] as smaller and larger corner.
at::Tensor corners(const at::Tensor& boxes, BoxFormat format) {
  const at::Tensor a = boxes.slice(-1, 0, 2), b = boxes.slice(-1, 2, 4);
  if (format == BoxFormat::kCornerPairs) return at::cat({at::minimum(a, b), at::maximum(a, b)}, -1);
  return at::cat({a - b * 0.5, a + b * 0.5}, -1);
}

// Per batch item the best candidates in decreasing order; NaN comes last. Of equal scores the first box comes first.
struct Candidates {
  at::Tensor scores;   // [batch, candidates]
  at::Tensor numbers;  // [batch, candidates]: box * classes + class
  at::Tensor boxes;    // [batch, candidates, 4]
};

Candidates choose(const at::Tensor& boxes, const at::Tensor& scores, int64_t limit) {
  const int64_t batch = scores.size(0), all = scores.size(1) * scores.size(2), count = std::min(limit, all);
  const at::Tensor flat = scores.reshape({batch, all});
  const at::Tensor ranked = at::where(flat.isnan(), -std::numeric_limits<float>::infinity(), flat);
  auto [best, numbers] = at::sort(ranked, /*stable=*/true, 1, /*descending=*/true);
  best = best.narrow(1, 0, count);
  numbers = numbers.narrow(1, 0, count);
  const at::Tensor source = boxes.dim() == 4 ? numbers : at::floor_divide(numbers, scores.size(2));
  const at::Tensor index = source.unsqueeze(-1).expand({batch, count, 4});
  return {best, numbers, boxes.reshape({batch, -1, 4}).gather(1, index)};
}

float area(const Box& box) { return (box[2] - box[0]) * (box[3] - box[1]); }

// Intersection over union; 0 where the union has no area.
float overlap(const Box& a, const Box& b) {
  const float height = std::min(a[2], b[2]) - std::max(a[0], b[0]), width = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (!(height > 0) || !(width > 0)) return 0;
  const float common = height * width, whole = area(a) + area(b) - common;
  return whole > 0 ? common / whole : 0;
}

struct Limits {
  int64_t classes, per_class;
  float overlap, score;
};

// Appends rows (batch, class, box) for one batch item.
void select(int64_t item, int64_t count, const float* scores, const int64_t* numbers, const Box* boxes,
            const Limits& limits, std::vector<int64_t>& rows) {
  std::vector<std::vector<const Box*>> selected(static_cast<size_t>(limits.classes));
  for (int64_t i = 0; i < count && scores[i] > limits.score; ++i) {
    auto& former = selected[static_cast<size_t>(numbers[i] % limits.classes)];
    if (static_cast<int64_t>(former.size()) >= limits.per_class) continue;
    const auto covers = [&](const Box* box) { return overlap(*box, boxes[i]) > limits.overlap; };
    if (std::any_of(former.begin(), former.end(), covers)) continue;
    former.push_back(&boxes[i]);
    rows.insert(rows.end(), {item, numbers[i] % limits.classes, numbers[i] / limits.classes});
  }
}

float threshold(const Call& call, int input) {
  const float found = call.has(input) ? *call.in(input).to(at::kCPU).const_data_ptr<float>() : 0;
  if (input == 3) NMS::check_overlap(found);  // c10
  return found;
}

std::vector<int64_t> selected_rows(const NMS& op, const Call& call) {
  const at::Tensor scores = widen(call.in(1));
  std::vector<int64_t> rows;
  if (scores.numel() == 0) return rows;
  const Candidates chosen = choose(corners(widen(call.in(0)), op.format), scores, op.box_limit);
  const at::Tensor best = chosen.scores.to(at::kCPU).contiguous(), numbers = chosen.numbers.to(at::kCPU).contiguous(),
                   boxes = chosen.boxes.to(at::kCPU).contiguous();
  const Limits limits{scores.size(2), call.value(2)->elements[0].as_int(), threshold(call, 3), threshold(call, 4)};
  const int64_t count = best.size(1);
  for (int64_t item = 0; item < best.size(0); ++item)
    select(item, count, best.const_data_ptr<float>() + item * count, numbers.const_data_ptr<int64_t>() + item * count,
           reinterpret_cast<const Box*>(boxes.const_data_ptr<float>()) + item * count, limits, rows);
  return rows;
}

}  // namespace

void run(const NMS& op, Call& call) {
  const std::vector<int64_t> rows = selected_rows(op, call);
  const auto count = static_cast<int64_t>(rows.size()) / 3;
  const at::Tensor indices = at::empty({count, 3}, at::kLong);
  std::copy(rows.begin(), rows.end(), indices.mutable_data_ptr<int64_t>());
  call.set(0, indices.to(call.device(), scalar_type_of(call.out_type(0))));
  deliver(call, at::full({}, count, at::TensorOptions(at::kInt).device(call.device())), 1);
}
TORCHTRT_KERNEL(NMS)

}  // namespace torchtrt::engine
