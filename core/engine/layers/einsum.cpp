// Einsum: sum of products by an equation of labels.
//   c1  at least one input
//   c2  all of one type, which is not bool or a type of network I/O only
//   c3  the equation: labels a to z and at most one "..." in a term; commas; at most one "->"
//   c4  output labels occur in an input, and once in the output
//   c5  one term per input
//   c6  a term has as many labels as its input has axes (or fewer, with "...")
//   c7  lengths of one label are equal or 1; those of a label repeated in one term are equal
//   c8  the result has at most eight axes
#include "core/engine/layers/einsum.h"

#include <algorithm>
#include <map>

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

constexpr char kEllipsis = EinsumTerms::kEllipsis;

bool has_ellipsis(const std::string& term) { return term.find(kEllipsis) != std::string::npos; }

std::string parse_term(std::string_view text, std::string_view equation) {
  std::string term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text.substr(i, 3) == "...") {
      TORCHTRT_REQUIRE(kInvalidArgument, !has_ellipsis(term), "two ellipses in one term of \"", equation, '"');
      term += kEllipsis;
      i += 2;
      continue;
    }
    TORCHTRT_REQUIRE(kInvalidArgument, text[i] >= 'a' && text[i] <= 'z', "'", text[i], "' in the equation \"", equation,
                     "\": labels are the letters a to z");
    term += text[i];
  }
  return term;
}

// "..." first, then labels that occur once, alphabetically.
std::string implied_output(const std::vector<std::string>& inputs) {
  std::map<char, int> uses;
  for (const std::string& term : inputs)
    for (const char label : term) ++uses[label];
  std::string output;
  for (const auto& [label, count] : uses)
    if (label == kEllipsis || count == 1) output += label;
  return output;
}

void check_output(const EinsumTerms& terms, std::string_view equation) {
  for (size_t i = 0; i < terms.output.size(); ++i) {
    const char label = terms.output[i];
    const bool known = std::any_of(terms.inputs.begin(), terms.inputs.end(),
                                   [&](const std::string& term) { return term.find(label) != std::string::npos; });
    TORCHTRT_REQUIRE(kInvalidArgument, known, "output label '", label, "' of \"", equation, "\" occurs in no input");
    TORCHTRT_REQUIRE(kInvalidArgument, terms.output.find(label, i + 1) == std::string::npos, "output label '", label,
                     "' of \"", equation, "\" is repeated");
  }
}

// Lengths by label, and those that "..." stands for.
struct Lengths {
  std::map<char, int64_t> labels;
  Shape ellipsis;
};

// Aligned at the last axis; the longer one wins.
Shape broadcast_trailing(Shape a, Shape b) {
  while (a.rank() < b.rank()) a.insert(0, 1);
  while (b.rank() < a.rank()) b.insert(0, 1);
  return expect_broadcast(a, b);
}

void add_label(Lengths& lengths, std::map<char, int64_t>& own, char label, int64_t length) {
  const auto [mine, first_here] = own.emplace(label, length);
  TORCHTRT_CHECK(first_here || may_equal(mine->second, length), "label '", label,
                 "' is repeated in one term with lengths ", mine->second, " and ", length);  // c7
  const auto [entry, is_new] = lengths.labels.emplace(label, length);
  if (is_new) return;
  int64_t& known = entry->second;
  TORCHTRT_CHECK(may_equal(known, length) || known == 1 || length == 1, "label '", label, "' has lengths ", known,
                 " and ",
                 length);  // c7
  known = broadcast(known, length);
}

void add_term(Lengths& lengths, const std::string& term, const Shape& shape, int index) {
  const int named = static_cast<int>(term.size()) - (has_ellipsis(term) ? 1 : 0);
  TORCHTRT_CHECK(has_ellipsis(term) ? shape.rank() >= named : shape.rank() == named, "term ", index, " has ", named,
                 " labels, its input shape ", shape);  // c6
  std::map<char, int64_t> own;
  int axis = 0;
  for (const char label : term) {
    if (label != kEllipsis) {
      add_label(lengths, own, label, shape[axis++]);
      continue;
    }
    const int covered = shape.rank() - named;
    lengths.ellipsis = broadcast_trailing(lengths.ellipsis, Shape(shape.lengths().subspan(axis, covered)));
    axis += covered;
  }
}

}  // namespace

EinsumTerms parse_equation(std::string_view equation) {
  EinsumTerms terms;
  const size_t arrow = equation.find("->");
  std::string_view rest = equation.substr(0, arrow);
  for (size_t comma = rest.find(','); comma != std::string_view::npos; comma = rest.find(',')) {
    terms.inputs.push_back(parse_term(rest.substr(0, comma), equation));
    rest.remove_prefix(comma + 1);
  }
  terms.inputs.push_back(parse_term(rest, equation));
  terms.output =
      arrow == std::string_view::npos ? implied_output(terms.inputs) : parse_term(equation.substr(arrow + 2), equation);
  check_output(terms, equation);
  return terms;
}

Types Einsum::infer_types(const Types& in) const {
  TORCHTRT_CHECK(!in.empty(), "at least one input expected");  // c1
  expect_inputs(in, in.size());                                // c1
  expect_one_type(in);                                         // c2
  expect_type(is_floating(in[0]) || is_index(in[0]) || in[0] == DType::kInt8, "an input of einsum",
              "float32, float16, bfloat16, int32, int64 or int8", in[0]);  // c2
  const size_t terms = parse_equation(equation).inputs.size();             // c3, c4
  TORCHTRT_CHECK(terms == in.size(), "the equation \"", equation, "\" has ", terms, " terms for ", in.size(),
                 " inputs");  // c5
  return {in[0]};
}

Shapes Einsum::infer_shapes(const ShapeArgs& in) const {
  const EinsumTerms terms = parse_equation(equation);
  Lengths lengths;
  for (int i = 0; i < in.size(); ++i) add_term(lengths, terms.inputs[i], in[i], i);
  Shape result;
  for (const char label : terms.output) {
    const Shape added = label == kEllipsis ? lengths.ellipsis : Shape{lengths.labels.at(label)};
    TORCHTRT_CHECK(result.rank() + added.rank() <= kMaxRank, "the result of \"", equation, "\" has more than ",
                   kMaxRank,
                   " axes");  // c8
    for (const int64_t length : added) result.push_back(length);
  }
  return {result};
}

TORCHTRT_LAYER(Einsum);

}  // namespace torchtrt::engine
