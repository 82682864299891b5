// Loop: type and shape rules over the body, and evaluation on the host.
//   c1  the body fits the fields (files may be damaged)
//   c2  a recurrence keeps its type and its lengths from one iteration to the next
//   c3  iterated tensors have as many slices as there are trips
//   c4  an output that puts values together is not shorter than there are trips
#include "core/engine/plan/loop.h"

#include <algorithm>

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kMaxFoldedTrips = 4096;
constexpr int64_t kMaxNestedTrips = 65536;  // of a loop with all that lie in it, whose trips multiply

// Trips that may still be folded on this thread, from the outermost fold on.
struct FoldedTrips {
  inline static thread_local int depth = 0;
  inline static thread_local int64_t left = 0;
  FoldedTrips() {
    if (depth++ == 0) left = kMaxNestedTrips;
  }
  ~FoldedTrips() { --depth; }
};

bool is_inside(int64_t i, size_t count) { return i >= 0 && i < static_cast<int64_t>(count); }

// c1
void check_fields(const Loop& op, const Types& in) {
  const bool same = op.axes.size() == op.reversed.size() && op.kinds.size() == op.sources.size() &&
                    op.kinds.size() == op.positions.size() && op.kinds.size() == op.lengths.size();
  TORCHTRT_REQUIRE(kInternal, same && is_inside(op.recurrences, op.feeds.size() + 1), "lists of unequal length");
  TORCHTRT_REQUIRE(kInternal, std::find(in.begin(), in.end(), DType::kNone) == in.end(), "an input is absent");
  TORCHTRT_REQUIRE(kInternal, static_cast<size_t>(op.recurrences) + op.axes.size() <= op.feeds.size(),
                   "more iterators than body inputs");
  TORCHTRT_REQUIRE(kInternal, op.count == -1 || (is_inside(op.count, in.size()) && is_index(in[op.count])), "input ",
                   op.count, " is no trip limit");
  TORCHTRT_REQUIRE(kInternal, op.count >= 0 || op.conditional, "there is no trip limit");
  for (const int64_t input : op.varying)
    TORCHTRT_REQUIRE(kInternal, is_inside(input, static_cast<size_t>(op.recurrences) + op.axes.size()),
                     "no value changes at body input ", input);
  for (size_t i = 0; i < op.axes.size(); ++i)
    TORCHTRT_REQUIRE(kInternal, !op.reversed[i] || op.count >= 0, "reverse iteration without a count");
}

// c1
void check_output(const Loop& op, size_t i, const Types& in) {
  TORCHTRT_REQUIRE(kInternal, is_inside(op.kinds[i], 3), "there is no kind ", op.kinds[i], " of loop outputs");
  const bool last = op.kind_of(i) == LoopOutputKind::kLastValue;
  const size_t sources = last ? static_cast<size_t>(op.recurrences) : op.body->outputs().size();
  const bool has_length = is_inside(op.lengths[i], in.size()) && is_index(in[op.lengths[i]]);
  TORCHTRT_REQUIRE(kInternal, is_inside(op.sources[i], sources) && (last || has_length), "output ", i,
                   " has no source or no length");
}

size_t body_outputs(const Loop& op) {
  int64_t most = static_cast<int64_t>(op.first_next()) + op.recurrences - 1;
  for (size_t i = 0; i < op.kinds.size(); ++i)
    if (op.kind_of(i) != LoopOutputKind::kLastValue) most = std::max(most, op.sources[i]);
  return static_cast<size_t>(most + 1);
}

std::string recurrence_name(const Loop& op, int64_t recurrence) {
  return join("recurrence \"", op.body->stale_value(op.body->inputs()[static_cast<size_t>(recurrence)]).name, "\"");
}

}  // namespace

Types Loop::infer_types(const Types& in) const {
  check_fields(*this, in);
  check_body(body, feeds, body_outputs(*this), in);
  const auto type_of = [&](ValueId value) { return body->stale_value(value).dtype; };
  TORCHTRT_REQUIRE(kInternal, !conditional || type_of(body->outputs()[0]) == DType::kBool, "the condition is not bool");
  for (int64_t r = 0; r < recurrences; ++r)
    TORCHTRT_CHECK(type_of(next_of(r)) == in[feeds[r]], recurrence_name(*this, r), " starts with type ", in[feeds[r]],
                   ", but its next value has type ", type_of(next_of(r)));  // c2
  Types out;
  for (size_t i = 0; i < kinds.size(); ++i) {
    check_output(*this, i, in);
    out.push_back(kind_of(i) == LoopOutputKind::kLastValue ? in[feeds[sources[i]]]
                                                           : type_of(body->outputs()[sources[i]]));
  }
  return out;
}

std::optional<int64_t> Loop::trips(const ShapeArgs& in) const {
  if (count < 0) return std::nullopt;
  const std::optional<int64_t> limit = number_of_input("trip limit", in, static_cast<int>(count));
  return limit ? std::optional(std::max<int64_t>(0, *limit)) : std::nullopt;
}

BodyArgs Loop::args(const ShapeArgs& in) const {
  BodyArgs args = body_args(feeds, in);
  for (int64_t r = 0; r < recurrences; ++r) args.values[r] = nullptr;
  for (size_t i = 0; i < axes.size(); ++i) {
    Shape& shape = args.shapes[static_cast<size_t>(recurrences) + i];
    TORCHTRT_CHECK(shape.has_axis(axes[i]), "iteration along axis ", axes[i], " of shape ", shape);
    shape.erase(static_cast<int>(axes[i]));
    args.values[static_cast<size_t>(recurrences) + i] = nullptr;
  }
  return args;
}

// Only where all trips are made; a condition may end the loop before the slices do.
void Loop::check_iterators(const ShapeArgs& in) const {
  const std::optional<int64_t> trips = conditional ? std::nullopt : this->trips(in);
  for (size_t i = 0; trips && i < axes.size(); ++i) {
    const size_t input = static_cast<size_t>(recurrences) + i;
    const int64_t length = in[static_cast<int>(feeds[input])][static_cast<int>(axes[i])];
    TORCHTRT_CHECK(length == kUnknown || *trips <= length, *trips, " trips, but iterator \"",
                   body->stale_value(body->inputs()[input]).name, "\" has ", length, " slices along axis ",
                   axes[i]);  // c3
  }
}

void Loop::check_recurrences(const ShapeArgs& in, const Evaluation& inside) const {
  for (int64_t r = 0; r < recurrences; ++r) {
    const Shape &first = in[static_cast<int>(feeds[r])], &next = inside.shape(next_of(r));
    bool equal = first.rank() == next.rank();
    for (int axis = 0; equal && axis < first.rank(); ++axis) equal = may_equal(first[axis], next[axis]);
    TORCHTRT_CHECK(equal, recurrence_name(*this, r), " starts with shape ", first, ", but its next value has shape ",
                   next, "; it has to keep its shape");  // c2
  }
}

Shapes Loop::infer_shapes(const ShapeArgs& in) const {
  const Evaluation inside = evaluate_body(*body, args(in));
  check_iterators(in);
  check_recurrences(in, inside);
  return shapes_with(in, inside);
}

Shapes Loop::max_shapes(const ShapeArgs& in) const {
  return shapes_with(in, evaluate_body(*body, args(in), /*largest=*/true));
}

Shapes Loop::shapes_with(const ShapeArgs& in, const Evaluation& inside) const {
  const std::optional<int64_t> trips = this->trips(in);
  Shapes out;
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (kind_of(i) == LoopOutputKind::kLastValue) {
      out.push_back(in[static_cast<int>(feeds[sources[i]])]);
      continue;
    }
    const std::optional<int64_t> length = number_of_input("length", in, static_cast<int>(lengths[i]));
    TORCHTRT_CHECK(length.value_or(0) >= 0, "length ", length.value_or(0), " of output ", i, " is negative");
    TORCHTRT_CHECK(conditional || !length || !trips || *trips <= *length, *trips, " trips, but output ", i,
                   " has length ", *length);  // c4
    Shape shape = inside.shape(body->outputs()[sources[i]]);
    TORCHTRT_CHECK(positions[i] >= 0 && positions[i] <= shape.rank(), "output ", i, " has no axis ", positions[i]);
    shape.insert(static_cast<int>(positions[i]), length.value_or(kUnknown));
    out.push_back(shape);
  }
  return out;
}

// Runs the loop on the host: all of the body's outputs in every trip have to be known there.
std::optional<HostValues> Loop::fold(const HostArgs& in) const {
  if (count >= 0 && !trips(in)) return std::nullopt;
  const bool gathers = std::any_of(kinds.begin(), kinds.end(), [](int64_t kind) { return kind != 0; });
  if (gathers || !axes.empty()) return std::nullopt;  // shape arithmetic iterates over nothing and gathers nothing
  BodyArgs state = body_args(feeds, in);
  std::vector<std::shared_ptr<const HostValue>> kept(static_cast<size_t>(recurrences));
  for (const HostValue* value : state.values)
    if (!value || !value->is_known()) return std::nullopt;
  const int64_t limit = trips(in).value_or(kMaxFoldedTrips + 1);
  if (!conditional && limit > kMaxFoldedTrips) return std::nullopt;
  const FoldedTrips nested;
  for (int64_t trip = 0; trip < limit; ++trip) {
    if (trip == kMaxFoldedTrips || FoldedTrips::left-- <= 0) return std::nullopt;
    const Evaluation inside = evaluate_body(*body, state);
    for (const ValueId output : body->outputs())
      if (!inside.is_host_known(output)) return std::nullopt;
    if (conditional && inside.host(body->outputs()[0])->elements.at(0).as_int() == 0) break;
    for (int64_t r = 0; r < recurrences; ++r) kept[r] = inside.host(next_of(r));
    for (int64_t r = 0; r < recurrences; ++r) state.values[r] = kept[r].get();
  }
  HostValues out;
  for (const int64_t source : sources) out.push_back(*state.values[source]);
  return out;
}

TORCHTRT_LAYER(Loop)

}  // namespace torchtrt::engine
