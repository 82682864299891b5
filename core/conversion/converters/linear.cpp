// Products of matrices.
#include <cmath>
#include <limits>

#include <ATen/Functions.h>

#include "core/conversion/converters/common.h"
#include "core/ir/origin.h"
#include "core/ir/torch_dtype.h"

namespace torchtrt::conversion {
namespace {

std::string refuse_product(const Query& query, const char* left, const char* right) {
  const auto a = query.dtype(left), c = query.dtype(right);
  if (a != c)
    TORCHTRT_THROW(kDtypeContract, ir::operator_name(query.node()), ": '", left, "' is ", ir::name_of(a), " but '", right,
                   "' is ", ir::name_of(c), "\n  at ", ir::where(query.node()),
                   "\n  PyTorch rejects this model too. Cast the module or the input.");
  return c10::isFloatingType(a) ? "" : "TensorRT multiplies matrices of floating types only";
}

Tensor convert_linear(Builder& b, const Call& call) {
  const Tensor x = call.tensor("input");
  Tensor y = b.matmul(x, call.tensor("weight"), call["weight"].like.dim() == 2);
  if (call.given("bias")) y = b.add(y, call.tensor("bias"));
  return y;
}
const Registration linear({"aten::linear"}, one(convert_linear),
                          [](const Query& query) { return refuse_product(query, "input", "weight"); });

Tensor convert_matmul(Builder& b, const Call& call) {
  return b.matmul(call.tensor("self"), call.tensor(call.has("mat2") ? "mat2" : "other"));
}
const Registration matmul({"aten::matmul"}, one(convert_matmul),
                          [](const Query& query) { return refuse_product(query, "self", "other"); });
const Registration products({"aten::mm", "aten::bmm"}, one(convert_matmul),
                            [](const Query& query) { return refuse_product(query, "self", "mat2"); });

// beta * self + alpha * product
Tensor add_product(Builder& b, const Call& call, Tensor product) {
  Tensor self = call.tensor("self");
  if (call.number("alpha") != 1) product = b.mul(product, call.number("alpha"));
  if (call.number("beta") == 0) return product;
  if (call.number("beta") != 1) self = b.mul(self, call.number("beta"));
  return b.add(self, product);
}
Tensor convert_addmm(Builder& b, const Call& call) {
  return add_product(b, call, b.matmul(call.tensor("mat1"), call.tensor("mat2")));
}
const Registration addmm({"aten::addmm"}, one(convert_addmm),
                         [](const Query& query) { return refuse_product(query, "mat1", "mat2"); });
Tensor convert_baddbmm(Builder& b, const Call& call) {
  return add_product(b, call, b.matmul(call.tensor("batch1"), call.tensor("batch2")));
}
const Registration baddbmm({"aten::baddbmm"}, one(convert_baddbmm),
                           [](const Query& query) { return refuse_product(query, "batch1", "batch2"); });

// softmax(q k^T * scale + mask) v, without dropout.
Tensor convert_attention(Builder& b, const Call& call) {
  const Tensor q = call.tensor("query"), k = call.tensor("key"), v = call.tensor("value");
  const double width = static_cast<double>(call["query"].like.size(-1));
  const double scale = call.given("scale") ? call.number("scale") : 1 / std::sqrt(width);
  Tensor scores = b.in_float(q, [&](Tensor) {
    Tensor s = b.matmul(b.cast(q, at::kFloat), b.cast(k, at::kFloat), true);
    s = b.mul(s, scale);
    if (call.flag("is_causal")) {
      const int64_t rows = call["query"].like.size(-2), columns = call["key"].like.size(-2);
      const at::Tensor hidden = at::ones({rows, columns}, at::kBool).tril().logical_not();
      s = b.select(b.constant(hidden), b.scalar(-std::numeric_limits<float>::infinity(), at::kFloat), s);
    }
    if (call.given("attn_mask")) {
      const Tensor mask = call.tensor("attn_mask");
      s = mask.dtype == at::kBool
              ? b.select(mask, s, b.scalar(-std::numeric_limits<float>::infinity(), at::kFloat))
              : b.add(s, b.cast(mask, at::kFloat));
    }
    return b.softmax(s, s.rank() - 1);
  });
  scores = b.cast(scores, v.dtype);
  return b.matmul(scores, v);
}
std::string refuse_attention(const Query& query) {
  const auto dropout = query.constant("dropout_p");
  if (!dropout || dropout->toDouble() != 0) return "dropout is active";
  const auto grouped = query.constant("enable_gqa");
  if (!grouped || grouped->toBool()) return "grouped queries are not converted";
  const auto causal = query.constant("is_causal");
  if (!causal) return "is_causal has to be known";
  if (causal->toBool() && !(query.fact("query").is_static() && query.fact("key").is_static()))
    return "a causal mask needs known lengths";
  return refuse_product(query, "query", "key");
}
const Registration attention({"aten::scaled_dot_product_attention"}, one(convert_attention), refuse_attention);

}  // namespace
}  // namespace torchtrt::conversion
