// Words: "input;min;opt;max;dtype;declared;name", "lists;2,3", "flag;refit;1", "number;workspace_size;1024".
#include "core/api/compile_spec_object.h"

#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::api {
namespace {

std::vector<std::string> split(const std::string& text, char delimiter) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, delimiter);) parts.push_back(part);
  if (!text.empty() && text.back() == delimiter) parts.emplace_back();
  return parts;
}

std::vector<int64_t> numbers(const std::string& text) {
  std::vector<int64_t> values;
  for (const std::string& part : split(text, ',')) values.push_back(std::stoll(part));
  return values;
}

std::string text_of(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t value : values) text += join(text.empty() ? "" : ",", value);
  return text;
}

bool& flag_of(ir::CompileSpec& spec, const std::string& name) {
  if (name == "disable_tf32") return spec.disable_tf32;
  if (name == "sparse_weights") return spec.sparse_weights;
  if (name == "refit") return spec.refit;
  if (name == "debug") return spec.debug;
  if (name == "allow_shape_tensors") return spec.allow_shape_tensors;
  if (name == "truncate_long_and_double") return spec.truncate_long_and_double;
  TORCHTRT_THROW(kInvalidArgument, "CompileSpec has no flag '", name, "'");
}

int64_t& number_of(ir::CompileSpec& spec, const std::string& name) {
  if (name == "num_avg_timing_iters") return spec.num_avg_timing_iters;
  if (name == "workspace_size") return spec.workspace_size;
  if (name == "dla_sram_size") return spec.dla_sram_size;
  if (name == "dla_local_dram_size") return spec.dla_local_dram_size;
  if (name == "dla_global_dram_size") return spec.dla_global_dram_size;
  TORCHTRT_THROW(kInvalidArgument, "CompileSpec has no number '", name, "'");
}

ir::Input input_of(const std::vector<std::string>& parts) {
  ir::Input input = ir::make_dynamic(numbers(parts.at(1)), numbers(parts.at(2)), numbers(parts.at(3)));
  const auto dtype = dtype_of_name(parts.at(4));
  TORCHTRT_REQUIRE(kInvalidArgument, dtype, "CompileSpec: no such data type: ", parts.at(4));
  input.dtype = *dtype;
  input.dtype_declared = parts.at(5) == "1";
  input.name = parts.at(6);
  return input;
}

}  // namespace

CompileSpecObject::CompileSpecObject(const std::vector<std::string>& words) {
  for (const std::string& word : words) apply(word);
}

void CompileSpecObject::apply(const std::string& word) {
  const auto parts = split(word, ';');
  const size_t expected = parts.empty() ? 0 : parts[0] == "input" ? 7 : parts[0] == "lists" ? 2 : 3;
  TORCHTRT_REQUIRE(kInvalidArgument, parts.size() == expected && expected > 0, "CompileSpec cannot read '", word, "'");
  if (parts[0] == "input") {
    request_.spec.inputs.push_back(input_of(parts));
  } else if (parts[0] == "lists") {
    for (const int64_t length : numbers(parts[1])) request_.list_lengths.push_back(static_cast<size_t>(length));
  } else if (parts[0] == "flag") {
    flag_of(request_.spec, parts[1]) = parts[2] == "1";
  } else {
    number_of(request_.spec, parts[1]) = std::stoll(parts[2]);
  }
  words_.push_back(word);
}

void CompileSpecObject::append_input(const std::vector<int64_t>& min, const std::vector<int64_t>& opt,
                                     const std::vector<int64_t>& max, const std::string& dtype, bool declared,
                                     const std::string& name) {
  apply(
      join("input;", text_of(min), ';', text_of(opt), ';', text_of(max), ';', dtype, ';', declared ? 1 : 0, ';', name));
}

void CompileSpecObject::set_list_lengths(const std::vector<int64_t>& lengths) {
  if (!lengths.empty()) apply(join("lists;", text_of(lengths)));
}

void CompileSpecObject::set_flag(const std::string& name, bool value) {
  apply(join("flag;", name, ';', value ? 1 : 0));
}

void CompileSpecObject::set_number(const std::string& name, int64_t value) { apply(join("number;", name, ';', value)); }

std::string CompileSpecObject::to_string() const {
  std::string text = "CompileSpec(";
  for (const ir::Input& input : request_.spec.inputs) text += join("\n  ", input);
  for (const std::string& word : words_)
    if (word.rfind("input;", 0) != 0) text += join("\n  ", word);
  return text + ")";
}

}  // namespace torchtrt::api
