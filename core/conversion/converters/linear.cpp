// Products of matrices.
#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/conversion/converters/common.h"
#include "core/ir/origin.h"
#include "core/ir/torch_dtype.h"

namespace torchtrt::conversion {
namespace {

std::string refuse_product(const Query& query, const char* left, const char* right) {
  const auto a = query.dtype(left), c = query.dtype(right);
  if (a != c)
    TORCHTRT_THROW(kDtypeContract, ir::operator_name(query.node()), ": '", left, "' is ", ir::name_of(a), " but '",
                   right, "' is ", ir::name_of(c), "\n  at ", ir::where(query.node()),
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

Tensor convert_einsum(Builder& b, const Call& call) {
  std::vector<nvinfer1::ITensor*> inputs;
  for (const Tensor& x : call.tensors("tensors")) inputs.push_back(b.cast(x, call.result()).itensor);
  std::string equation = call.text("equation");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  auto* layer = b.network().addEinsum(inputs.data(), static_cast<int32_t>(inputs.size()), equation.c_str());
  return b.out(b.added(layer, "einsum"), call.result());
}
std::string refuse_einsum(const Query& query) {
  if (!query.constant("equation")) return "the equation has to be known";
  return c10::isFloatingType(query.result()) ? "" : "TensorRT's layer takes floating types only";
}
const Registration einsum({"aten::einsum"}, one(convert_einsum), refuse_einsum);

// One step of a recurrent cell: gates = x W^T + b + h U^T + c, cut into equal parts along the last axis.
std::vector<Tensor> gates_of(Builder& b, Tensor x, const Call& call, const char* weight, const char* bias, int count) {
  Tensor all = b.matmul(x, call.tensor(weight), true);
  if (call.given(bias)) all = b.add(all, call.tensor(bias));
  const int64_t width = call[weight].like.size(0) / count;
  std::vector<Tensor> gates;
  for (int i = 0; i < count; ++i) {
    Sizes start = {{0, nullptr}, {i * width, nullptr}};
    gates.push_back(b.slice(all, start, {b.size(all, 0), {width, nullptr}}, {1, 1}));
  }
  return gates;
}
Tensor sigmoid(Builder& b, Tensor x) { return b.activation(nvinfer1::ActivationType::kSIGMOID, x); }
Tensor tanh(Builder& b, Tensor x) { return b.activation(nvinfer1::ActivationType::kTANH, x); }

std::vector<Tensor> convert_lstm_cell(Builder& b, const Call& call) {
  const auto state = call.tensors("hx");
  const auto in = gates_of(b, call.tensor("input"), call, "w_ih", "b_ih", 4);
  const auto own = gates_of(b, state[0], call, "w_hh", "b_hh", 4);
  const auto gate = [&](int i) { return b.add(in[i], own[i]); };
  const Tensor kept = b.mul(sigmoid(b, gate(1)), state[1]);
  const Tensor cell = b.add(kept, b.mul(sigmoid(b, gate(0)), tanh(b, gate(2))));
  return {b.mul(sigmoid(b, gate(3)), tanh(b, cell)), cell};
}
Tensor convert_gru_cell(Builder& b, const Call& call) {
  const Tensor h = call.tensor("hx");
  const auto in = gates_of(b, call.tensor("input"), call, "w_ih", "b_ih", 3);
  const auto own = gates_of(b, h, call, "w_hh", "b_hh", 3);
  const Tensor reset = sigmoid(b, b.add(in[0], own[0])), update = sigmoid(b, b.add(in[1], own[1]));
  const Tensor fresh = tanh(b, b.add(in[2], b.mul(reset, own[2])));
  return b.add(fresh, b.mul(update, b.sub(h, fresh)));
}
std::string refuse_cell(const Query& query) {
  return query.rank("input") == 2 ? floating_only(query, "input") : "a batch of vectors is expected";
}
const Registration lstm_cell({"aten::lstm_cell"}, convert_lstm_cell, refuse_cell);
const Registration gru_cell({"aten::gru_cell"}, one(convert_gru_cell), refuse_cell);

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
      s = mask.dtype == at::kBool ? b.select(mask, s, b.scalar(-std::numeric_limits<float>::infinity(), at::kFloat))
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
