// Reductions, softmax, order statistics, running sums.
#include <cmath>
#include <limits>

#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

using nvinfer1::ReduceOperation;

const char* const kDims[] = {"dim", "dims"};

std::vector<int64_t> reduced_axes(const Call& call, int rank) {
  for (const char* name : kDims)
    if (call.has(name)) return call.axes(name, rank);
  return call.axes("dim", rank);
}

// torch computes sums of half types in float32 and rounds once; integers in the type of the result.
Tensor reduced(Builder& b, const Call& call, ReduceOperation op) {
  const Tensor x = b.cast(call.tensor("self"), call.result());
  if (x.rank() == 0) return x;
  const auto axes = reduced_axes(call, x.rank());
  const bool keep = call.has("keepdim") && call.flag("keepdim");
  const auto reduce = [&](Tensor y) { return b.reduce(op, y, mask_of(axes), keep); };
  const bool rounds = op == ReduceOperation::kSUM || op == ReduceOperation::kAVG || op == ReduceOperation::kPROD;
  return rounds ? b.in_float(x, reduce) : reduce(x);
}
// TensorRT reduces no booleans: as int32 their maximum is any, their minimum is all.
Tensor reduced_extreme(Builder& b, const Call& call, ReduceOperation op) {
  if (call.result() != at::kBool) return reduced(b, call, op);
  const Tensor x = b.cast(b.cast(call.tensor("self"), at::kBool), at::kInt);
  if (x.rank() == 0) return b.cast(x, at::kBool);
  const bool keep = call.has("keepdim") && call.flag("keepdim");
  return b.cast(b.reduce(op, x, mask_of(reduced_axes(call, x.rank())), keep), at::kBool);
}

Tensor convert_sum(Builder& b, const Call& call) { return reduced(b, call, ReduceOperation::kSUM); }
Tensor convert_mean(Builder& b, const Call& call) { return reduced(b, call, ReduceOperation::kAVG); }
Tensor convert_prod(Builder& b, const Call& call) { return reduced(b, call, ReduceOperation::kPROD); }
Tensor convert_max(Builder& b, const Call& call) { return reduced_extreme(b, call, ReduceOperation::kMAX); }
Tensor convert_min(Builder& b, const Call& call) { return reduced_extreme(b, call, ReduceOperation::kMIN); }
std::string no_booleans(const Query& query) { return query.result() == at::kBool ? "a boolean sum has no layer" : ""; }
const Registration sum({"aten::sum", "aten::sum.dim_IntList"}, one(convert_sum), no_booleans);
const Registration mean({"aten::mean", "aten::mean.dim"}, one(convert_mean));
const Registration prod({"aten::prod", "aten::prod.dim_int"}, one(convert_prod), no_booleans);
const Registration amax({"aten::amax", "aten::max", "aten::any", "aten::any.dim", "aten::any.dims"}, one(convert_max));
const Registration amin({"aten::amin", "aten::min", "aten::all", "aten::all.dim", "aten::all.dims"}, one(convert_min));

Tensor variance(Builder& b, const Call& call, bool root) {
  const Tensor x = b.cast(call.tensor("self"), call.result());
  const auto axes = reduced_axes(call, x.rank());
  double correction = 1;
  if (call.has("unbiased")) correction = call.flag("unbiased") ? 1 : 0;
  if (call.given("correction")) correction = call.number("correction");
  double count = 1;
  for (const int64_t axis : axes) count *= static_cast<double>(call["self"].like.size(axis));
  const bool keep = call.has("keepdim") && call.flag("keepdim");
  return b.in_float(x, [&](Tensor y) {
    const Tensor centred = b.sub(y, b.reduce(ReduceOperation::kAVG, y, mask_of(axes), true));
    const Tensor total = b.reduce(ReduceOperation::kSUM, b.mul(centred, centred), mask_of(axes), keep);
    const Tensor result = b.mul(total, 1 / std::max(count - correction, 0.0));
    return root ? b.unary(UnaryOperation::kSQRT, result) : result;
  });
}
Tensor convert_var(Builder& b, const Call& call) { return variance(b, call, false); }
Tensor convert_std(Builder& b, const Call& call) { return variance(b, call, true); }
std::string known_volume(const Query& query) {
  return query.fact("self").is_static() ? floating_only(query, "self") : "the reduced axes have to be of known length";
}
const Registration var({"aten::var", "aten::var.dim", "aten::var.correction"}, one(convert_var), known_volume);
const Registration stddev({"aten::std", "aten::std.dim", "aten::std.correction"}, one(convert_std), known_volume);

Tensor convert_softmax(Builder& b, const Call& call) {
  const Tensor x = b.cast(call.tensor("self"), call.result());
  return x.rank() == 0 ? b.scalar(1, x.dtype) : b.softmax(x, call.axis("dim", x.rank()));
}
const Registration softmax({"aten::softmax.int"}, one(convert_softmax));

// x - max - log(sum(exp(x - max)))
Tensor convert_log_softmax(Builder& b, const Call& call) {
  const Tensor x = b.cast(call.tensor("self"), call.result());
  const uint32_t mask = 1u << call.axis("dim", x.rank());
  return b.in_float(x, [&](Tensor y) {
    const Tensor centred = b.sub(y, b.reduce(ReduceOperation::kMAX, y, mask, true));
    const Tensor total = b.reduce(ReduceOperation::kSUM, b.unary(UnaryOperation::kEXP, centred), mask, true);
    return b.sub(centred, b.unary(UnaryOperation::kLOG, total));
  });
}
const Registration log_softmax({"aten::log_softmax.int"}, one(convert_log_softmax));

// Values and int64 indices of the k extremes along an axis.
std::vector<Tensor> extremes(Builder& b, Tensor x, bool largest, int64_t k, int64_t axis) {
  const auto op = largest ? nvinfer1::TopKOperation::kMAX : nvinfer1::TopKOperation::kMIN;
  auto& layer = b.added(
      b.network().addTopK(*x.itensor, op, static_cast<int32_t>(k), 1u << axis, nvinfer1::DataType::kINT64), "topk");
  return {b.out(layer, x.dtype, 0), b.out(layer, at::kLong, 1)};
}

std::vector<Tensor> convert_topk(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return extremes(b, x, call.flag("largest"), call.integer("k"), call.axis("dim", x.rank()));
}
std::string refuse_topk(const Query& query) {
  const auto k = query.constant("k");
  if (!k || !k->isInt()) return "k has to be known";
  if (k->toInt() < 1 || k->toInt() > 3840) return "k has to be between 1 and 3840";
  return query.dtype("self") == at::kBool || query.rank("self") == 0 ? "TopK takes numbers of rank 1 and more" : "";
}
const Registration topk({"aten::topk"}, convert_topk, refuse_topk);

std::vector<Tensor> extreme_along(Builder& b, const Call& call, bool largest) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank());
  auto results = extremes(b, x, largest, 1, axis);
  if (!call.flag("keepdim"))
    for (Tensor& result : results) result = b.squeeze(result, {axis});
  return results;
}
std::vector<Tensor> convert_max_dim(Builder& b, const Call& call) { return extreme_along(b, call, true); }
std::vector<Tensor> convert_min_dim(Builder& b, const Call& call) { return extreme_along(b, call, false); }
std::string refuse_extreme(const Query& query) {
  return query.dtype("self") == at::kBool || query.rank("self") == 0 ? "TopK takes numbers of rank 1 and more" : "";
}
const Registration max_dim({"aten::max.dim"}, convert_max_dim, refuse_extreme);
const Registration min_dim({"aten::min.dim"}, convert_min_dim, refuse_extreme);

Tensor arg_extreme(Builder& b, const Call& call, bool largest) {
  Tensor x = call.tensor("self");
  const int rank = x.rank();
  int64_t axis = 0;
  if (call.given("dim")) {
    axis = call.axis("dim", rank);
  } else {
    x = b.reshape(x, Sizes{b.product(b.shape(x))});
  }
  Tensor index = extremes(b, x, largest, 1, axis)[1];
  if (call.given("dim")) return call.flag("keepdim") ? index : b.squeeze(index, {axis});
  return b.reshape(index, std::vector<int64_t>(call.flag("keepdim") ? rank : 0, 1));
}
Tensor convert_argmax(Builder& b, const Call& call) { return arg_extreme(b, call, true); }
Tensor convert_argmin(Builder& b, const Call& call) { return arg_extreme(b, call, false); }
const Registration argmax({"aten::argmax"}, one(convert_argmax), refuse_extreme);
const Registration argmin({"aten::argmin"}, one(convert_argmin), refuse_extreme);

std::vector<Tensor> convert_sort(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank());
  return extremes(b, x, call.flag("descending"), call["self"].like.size(axis), axis);
}
std::string refuse_sort(const Query& query) {
  const std::string reason = refuse_extreme(query);
  if (!reason.empty()) return reason;
  const auto axis = query.constant("dim");
  const auto sizes = query.fact("self").sizes();
  const int64_t place = axis->toInt() < 0 ? axis->toInt() + static_cast<int64_t>(sizes.size()) : axis->toInt();
  return sizes.at(place) < 1 || sizes.at(place) > 3840 ? "the sorted axis has to be of known length up to 3840" : "";
}
const Registration sort({"aten::sort", "aten::sort.stable"}, convert_sort, refuse_sort);

Tensor convert_cumsum(Builder& b, const Call& call) {
  const Tensor x = b.cast(call.tensor("self"), call.result());
  if (x.rank() == 0) return x;
  const Tensor axis = b.scalar(call.axis("dim", x.rank()), at::kLong);
  return b.in_float(x, [&](Tensor y) {
    auto& layer =
        b.added(b.network().addCumulative(*y.itensor, *axis.itensor, nvinfer1::CumulativeOperation::kSUM, false, false),
                "cumsum");
    return b.out(layer, y.dtype);
  });
}
const Registration cumsum({"aten::cumsum"}, one(convert_cumsum));

// sum(|x|^p)^(1/p) for p = 1, 2 and the extremes.
Tensor norm(Builder& b, const Call& call, double p, const std::vector<int64_t>& axes, bool keep) {
  return b.in_float(b.cast(call.tensor("self"), call.result()), [&](Tensor x) {
    const uint32_t mask = mask_of(axes);
    if (p == 1) return b.reduce(ReduceOperation::kSUM, b.unary(UnaryOperation::kABS, x), mask, keep);
    if (std::isinf(p)) return b.reduce(ReduceOperation::kMAX, b.unary(UnaryOperation::kABS, x), mask, keep);
    return b.unary(UnaryOperation::kSQRT, b.reduce(ReduceOperation::kSUM, b.mul(x, x), mask, keep));
  });
}
double order_of(const Call& call) {
  for (const char* name : {"p", "ord"})
    if (call.has(name)) return call.given(name) ? call.number(name) : 2;
  return 2;
}
Tensor convert_norm(Builder& b, const Call& call) {
  const int rank = call["self"].like.dim();
  return norm(b, call, order_of(call), call.axes("dim", rank), call.has("keepdim") && call.flag("keepdim"));
}
std::string refuse_norm(const Query& query) {
  const bool linalg = query.node().schema().argumentIndexWithName("ord").has_value();
  const auto order = query.constant(linalg ? "ord" : "p");
  if (!order) return "the order has to be known";
  const double p = order->isNone() ? 2 : order->toScalar().toDouble();
  return p == 1 || p == 2 || p == std::numeric_limits<double>::infinity() ? floating_only(query, "self")
                                                                          : "an order of 1, 2 or inf is expected";
}
const Registration norms({"aten::norm.ScalarOpt_dim", "aten::linalg_vector_norm"}, one(convert_norm), refuse_norm);

}  // namespace
}  // namespace torchtrt::conversion
