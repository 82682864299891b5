// Launch parameters: symbolic numbers hold expressions of the builder that the plugin was given.
#include "core/engine/api/launch_params.h"

#include <exception>

#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

void add_number(ExprBuilder& expressions, const nv::IDimensionExpr* expression) {
  nv::DimsExprs one{};
  one.nbDims = 1;
  one.d[0] = expression;
  expressions.add_output(one);
}

const nv::IDimensionExpr* expression_of(nv::ISymExpr& number) {
  return static_cast<const nv::IDimensionExpr*>(number.getExpr());
}

}  // namespace

void LaunchParams::add_to(ExprBuilder& expressions) const {
  for (int i = 0; i < kLaunchNumbers; ++i) {
    nv::ISymExpr* number = numbers_[static_cast<size_t>(i)];
    add_number(expressions, number ? expression_of(*number) : expressions.constant(i + 1 == kLaunchNumbers ? 0 : 1));
  }
}

nv::ISymExpr* SymExprs::getSymExpr(int32_t index) const noexcept {
  return has(index) ? list_[static_cast<size_t>(index)] : nullptr;
}

bool SymExprs::setSymExpr(int32_t index, nv::ISymExpr* expression) noexcept {
  if (!has(index)) return false;
  list_[static_cast<size_t>(index)] = expression;
  return true;
}

bool SymExprs::setNbSymExprs(int32_t count) noexcept {
  if (count < 0) return false;
  try {
    list_.assign(static_cast<size_t>(count), nullptr);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::vector<int64_t> SymExprs::add_to(ExprBuilder& expressions) const {
  constexpr int64_t kWidths[] = {1, 2, 4};  // by PluginArgDataType
  std::vector<int64_t> widths;
  for (nv::ISymExpr* number : list_) {
    TORCHTRT_CHECK(number, "extra argument ", widths.size(), " of the plugin's kernel was not set");
    const auto type = static_cast<int64_t>(number->getDataType());
    TORCHTRT_CHECK(number->getType() == nv::PluginArgType::kINT && type >= 0 && type < std::ssize(kWidths),
                   "extra argument ", widths.size(), " of the plugin's kernel is of unknown type ", type);
    add_number(expressions, expression_of(*number));
    widths.push_back(kWidths[type]);
  }
  return widths;
}

}  // namespace torchtrt::engine::api
