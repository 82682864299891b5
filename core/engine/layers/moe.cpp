// MoE: the sum over a token's experts of score * down(product), with
//   product = g * sigmoid(alpha g) * (u + beta),  g = min(gate(x), limit),  u = clamp(up(x), -limit, limit)
// and fc(x) = x w + b. The number of an expert that does not exist selects nothing.
//   c1  hidden states, selected experts and scores
//   c2  hidden states floating; scores, weights and biases of that type
//   c3  selected experts int32 or int64
//   c4  hidden states [batch, sequence, hidden], selected experts and scores [batch, sequence, k]
//   c5  gate, up and down weights are set
//   c6  gate and up weights [experts, hidden, intermediate], down weights [experts, intermediate, hidden]
//   c7  all biases or none: gate and up [experts, intermediate], down [experts, hidden]
//   c8  the activation is SiLU
//   c9  quantization to float8 or float4, with a scale of one floating element
//   c10 dynamic quantization: blocks [1, 1, n] where n divides the intermediate length, and scales of float8
//   c11 the limit of the gating is not negative
#include "core/engine/layers/moe.h"

#include <algorithm>

#include "core/engine/layers/args.h"
#include "core/util/span.h"

namespace torchtrt::engine {
namespace {

constexpr const char* kRoles[] = {"hidden states", "selected experts",  "scores",      "gate weights",
                                  "up weights",    "down weights",      "gate biases", "up biases",
                                  "down biases",   "quantization scale"};
static_assert(std::size(kRoles) == MoE::kInputCount);

// Throws unless input `i` has these lengths, as far as is known.
void check_shape(const ShapeArgs& in, int i, const Shape& wanted) {
  bool fits = in[i].rank() == wanted.rank();
  for (int axis = 0; fits && axis < wanted.rank(); ++axis) fits = may_equal(in[i][axis], wanted[axis]);
  TORCHTRT_CHECK(fits, "the ", kRoles[i], " of an MoE layer must be ", wanted, ", not ", in[i]);
}

void check_tokens(const ShapeArgs& in) {
  const Shape& hidden = in[MoE::kHidden];
  TORCHTRT_CHECK(hidden.rank() == 3 && in[MoE::kSelected].rank() == 3,
                 "hidden states [batch, sequence, hidden] and selected experts [batch, sequence, k] expected, got ",
                 hidden, " and ", in[MoE::kSelected]);                                  // c4
  check_shape(in, MoE::kSelected, Shape{hidden[0], hidden[1], in[MoE::kSelected][2]});  // c4
  check_shape(in, MoE::kScores, in[MoE::kSelected]);                                    // c4
}

// The intermediate length.
int64_t check_weights(const ShapeArgs& in) {
  TORCHTRT_CHECK(in.has(MoE::kGate) && in.has(MoE::kUp) && in.has(MoE::kDown),
                 "the gate, up and down weights of the experts are missing; call setGatedWeights");  // c5
  const Shape& gate = in[MoE::kGate];
  TORCHTRT_CHECK(gate.rank() == 3, "the gate weights must be [experts, hidden, intermediate], not ", gate);  // c6
  const int64_t experts = gate[0], hidden = in[MoE::kHidden][2], inner = gate[2];
  check_shape(in, MoE::kGate, Shape{experts, hidden, inner});  // c6
  check_shape(in, MoE::kUp, Shape{experts, hidden, inner});    // c6
  check_shape(in, MoE::kDown, Shape{experts, inner, hidden});  // c6
  const int biases = in.has(MoE::kGateBias) + in.has(MoE::kUpBias) + in.has(MoE::kDownBias);
  TORCHTRT_CHECK(biases == 0 || biases == 3, "gate, up and down biases go together; ", biases, " of 3 are set");  // c7
  if (biases == 0) return inner;
  check_shape(in, MoE::kGateBias, Shape{experts, inner});   // c7
  check_shape(in, MoE::kUpBias, Shape{experts, inner});     // c7
  check_shape(in, MoE::kDownBias, Shape{experts, hidden});  // c7
  return inner;
}

void check_quantization(const MoE& op, const ShapeArgs& in, int64_t inner) {
  const Shape& scale = in[MoE::kScale];
  TORCHTRT_CHECK(in.has(MoE::kScale) && may_equal(scale.volume(), 1), "quantization of an MoE layer to ",
                 op.quantize_to,
                 " needs a scale of one element");  // c9
  if (!op.dynamic) return;
  const auto& block = op.block_shape;
  const bool rows = block.size() >= 3 && (block.back() == -1 || block.back() > 0) &&
                    std::all_of(block.begin(), block.end() - 1, [](int64_t length) { return length == 1; });
  TORCHTRT_CHECK(rows, "blocks of dynamic quantization in an MoE layer must be [1, 1, n], not ", list_of(block),
                 ": neighbouring tokens may belong to other experts");  // c10
  TORCHTRT_CHECK(inner == kUnknown || inner == 0 || inner % op.block_length(inner) == 0, "blocks of ", block.back(),
                 " do not divide the intermediate length ", inner);  // c10
}

}  // namespace

Types MoE::infer_types(const Types& in) const {
  expect_inputs(in, 3, kInputCount);                                                                        // c1
  expect_type(is_floating(in[kHidden]), "the hidden states", "float32, float16 or bfloat16", in[kHidden]);  // c2
  check_index_input(kRoles[kSelected], in, kSelected);                                                      // c3
  for (size_t i = kScores; i < std::min<size_t>(in.size(), kScale); ++i)
    expect_type(in[i] == DType::kNone || in[i] == in[kHidden], kRoles[i], join(in[kHidden], " like the hidden states"),
                in[i]);  // c2
  const DType scale = in.size() > kScale ? in[kScale] : DType::kNone;
  expect_type(scale == DType::kNone || is_floating(scale), kRoles[kScale], "of a floating type", scale);  // c9
  expect_type(!quantizes() || quantize_to == DType::kFloat8 || quantize_to == DType::kFloat4,
              "the type an MoE layer quantizes to", "float8 or float4", quantize_to);                             // c9
  expect_type(scale_type == DType::kFloat8, "the type of dynamic scales in an MoE layer", "float8", scale_type);  // c10
  TORCHTRT_CHECK(limit >= 0, "the limit of the gating is ", limit, "; it must not be negative");                  // c11
  return {in[kHidden]};
}

Shapes MoE::infer_shapes(const ShapeArgs& in) const {
  check_tokens(in);
  const int64_t inner = check_weights(in);
  TORCHTRT_CHECK(activation == MoEActivation::kSilu, "the activation of an MoE layer has to be SiLU");  // c8
  if (quantizes()) check_quantization(*this, in, inner);
  return {in[kHidden]};
}

TORCHTRT_LAYER(MoE)

}  // namespace torchtrt::engine
