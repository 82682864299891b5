// Scopes as module paths, source ranges as file and line.
#include "core/ir/origin.h"

#include <algorithm>
#include <regex>

#include "core/util/error.h"

namespace torchtrt::ir {
namespace {

constexpr char kSeparator = '|';

std::string last_part(const std::string& dotted) { return dotted.substr(dotted.rfind('.') + 1); }

// The last two folders are enough to find a file, and do not print where it was built.
std::string short_path(const std::string& file) {
  size_t cut = file.rfind('/');
  for (int parts = 0; cut != std::string::npos && cut > 0 && parts < 1; ++parts) cut = file.rfind('/', cut - 1);
  return cut == std::string::npos ? file : file.substr(cut + 1);
}

std::string source_line(const torch::jit::Node& node) {
  const auto place = node.sourceRange().file_line_col();
  if (!place) return "";
  const auto& [file, line, column] = *place;
  return join(short_path(file), ":", line);
}

}  // namespace

torch::jit::ScopePtr push_module(const torch::jit::ScopePtr& parent, const ModuleStep& step) {
  return parent->push(c10::Symbol::scope(step.path + kSeparator + step.type));
}

std::vector<ModuleStep> modules_of(const torch::jit::Node& node) {
  std::vector<ModuleStep> steps;
  // Node::scope() reads only, though torch does not declare it const.
  for (auto scope = const_cast<torch::jit::Node&>(node).scope(); scope && !scope->isBlank() && !scope->isRoot();
       scope = scope->parent()) {
    const std::string text = scope->name().toUnqualString();
    const size_t cut = text.find(kSeparator);
    if (cut != std::string::npos) steps.push_back({text.substr(0, cut), text.substr(cut + 1)});
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

std::string python_name(const c10::ClassType& type) {
  static const std::regex kMangling("(__torch__\\.)|(___torch_mangle_[0-9]+\\.)");
  return std::regex_replace(type.name()->qualifiedName(), kMangling, "");
}

std::string where(const torch::jit::Node& node) {
  const auto steps = modules_of(node);
  std::string text;
  if (!steps.empty() && !steps.back().path.empty())
    text = join("'", steps.back().path, "' (", last_part(steps.back().type), ")");
  const std::string line = source_line(node);
  if (!line.empty()) text += (text.empty() ? "" : ", ") + line;
  return text.empty() ? "the graph" : text;
}

std::string operator_name(const torch::jit::Node& node) {
  const auto* schema = node.maybeSchema();
  if (!schema) return node.kind().toQualString();
  return schema->overload_name().empty() ? schema->name() : schema->name() + "." + schema->overload_name();
}

}  // namespace torchtrt::ir
