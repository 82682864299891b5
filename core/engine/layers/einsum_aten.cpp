// Einsum on tensors.
#include <ATen/Functions.h>

#include <algorithm>

#include "core/engine/layers/einsum.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

// Whether at::einsum rounds only once: two operands, and every label that is summed over is in both, so that one matrix
// product does everything.
bool is_one_product(const EinsumTerms& terms) {
  if (terms.inputs.size() != 2) return false;
  for (int side = 0; side < 2; ++side)
    for (const char label : terms.inputs[side]) {
      const bool kept = terms.output.find(label) != std::string::npos;
      if (!kept && terms.inputs[1 - side].find(label) == std::string::npos) return false;
    }
  return true;
}

// All labels, the output's first; kEllipsis stands for `covered` axes.
struct Layout {
  std::string labels;
  int64_t covered = 0;

  int64_t rank() const {
    const bool has = labels.find(EinsumTerms::kEllipsis) != std::string::npos;
    return static_cast<int64_t>(labels.size()) + (has ? covered - 1 : 0);
  }
  // First axis of a label.
  int64_t axis_of(char label) const {
    const size_t at = labels.find(label), dots = labels.find(EinsumTerms::kEllipsis);
    return static_cast<int64_t>(at) + (dots < at ? covered - 1 : 0);
  }
};

int64_t covered_by(const std::string& term, const at::Tensor& x) {
  const bool has = term.find(EinsumTerms::kEllipsis) != std::string::npos;
  return has ? x.dim() - static_cast<int64_t>(term.size()) + 1 : 0;
}

// The operand with one axis for every axis of the layout, of length 1 where its term lacks the label.
at::Tensor lay_out(at::Tensor x, const std::string& term, const Layout& layout) {
  const int64_t own = covered_by(term, x);
  std::vector<int64_t> targets;  // layout axis of each axis of x
  for (const char label : term) {
    const int64_t target = layout.axis_of(label);
    if (label == EinsumTerms::kEllipsis) {
      for (int64_t i = 0; i < own; ++i) targets.push_back(target + layout.covered - own + i);
      continue;
    }
    const auto before = std::find(targets.begin(), targets.end(), target);
    if (before == targets.end()) {
      targets.push_back(target);
      continue;
    }
    // A repeated label: the diagonal of both axes takes the place of the former.
    const int64_t first = before - targets.begin();
    x = x.diagonal(0, first, static_cast<int64_t>(targets.size())).movedim(-1, first);
  }
  std::vector<int64_t> order(targets.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return targets[a] < targets[b]; });
  x = x.permute(order);
  std::sort(targets.begin(), targets.end());
  for (int64_t axis = 0; axis < layout.rank(); ++axis)
    if (!std::binary_search(targets.begin(), targets.end(), axis)) x = x.unsqueeze(axis);
  return x;
}

// Products of integers, for which devices have no matrix product: all of them at once, then summed.
at::Tensor multiply_and_sum(const EinsumTerms& terms, const std::vector<at::Tensor>& operands) {
  Layout layout{terms.output};
  for (size_t i = 0; i < operands.size(); ++i) {
    layout.covered = std::max(layout.covered, covered_by(terms.inputs[i], operands[i]));
    for (const char label : terms.inputs[i])
      if (layout.labels.find(label) == std::string::npos) layout.labels += label;
  }
  at::Tensor product = lay_out(operands[0], terms.inputs[0], layout);
  for (size_t i = 1; i < operands.size(); ++i) product = product * lay_out(operands[i], terms.inputs[i], layout);
  const int64_t kept = Layout{terms.output, layout.covered}.rank();
  std::vector<int64_t> summed;
  for (int64_t axis = kept; axis < layout.rank(); ++axis) summed.push_back(axis);
  return summed.empty() ? product : product.sum(summed, /*keepdim=*/false, product.scalar_type());
}

}  // namespace

void run(const Einsum& op, Call& call) {
  const EinsumTerms terms = parse_equation(op.equation);
  std::vector<at::Tensor> operands;
  for (int i = 0; i < call.size(); ++i) operands.push_back(call.in(i));
  if (!at::isFloatingType(operands[0].scalar_type())) return deliver(call, multiply_and_sum(terms, operands));
  if (!is_one_product(terms)) std::transform(operands.begin(), operands.end(), operands.begin(), widen);
  deliver(call, at::einsum(op.equation, operands));
}
TORCHTRT_KERNEL(Einsum);

}  // namespace torchtrt::engine
