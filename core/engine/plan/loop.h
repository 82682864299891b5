// Loop: a loop of a network as one layer with a body.
//
// Body inputs: recurrences, then iterated slices, then what is captured from outside. Body outputs: the condition, if
// there is one; the next values of the recurrences; the values that loop outputs put together.
#pragma once

#include "core/engine/layers/loop_boundary.h"
#include "core/engine/plan/body.h"

namespace torchtrt::engine {

struct Loop {
  static constexpr const char* kKind = "Loop";

  GraphRef body;
  int64_t count = -1;              // input that is the trip limit; -1: none
  bool conditional = false;        // body output 0 is the condition to go on
  std::vector<int64_t> feeds;      // by body input: input of the layer
  int64_t recurrences = 0;         // how many
  std::vector<int64_t> axes;       // of the iterated tensors
  std::vector<int64_t> reversed;   // 0 or 1, alike
  std::vector<int64_t> kinds;      // by output: LoopOutputKind
  std::vector<int64_t> sources;    // by output: recurrence, or body output
  std::vector<int64_t> positions;  // by output: the new axis
  std::vector<int64_t> lengths;    // by output: input that is its length; -1: none
  int64_t on_host = 0;             // mask of inputs needed on the host
  // Recurrences and iterators, by body input, whose value is needed on the host in every iteration.
  std::vector<int64_t> varying;
  TORCHTRT_FIELDS(body, count, conditional, feeds, recurrences, axes, reversed, kinds, sources, positions, lengths,
                  on_host, varying)

  uint32_t host_inputs() const { return static_cast<uint32_t>(on_host); }
  bool can_fold() const { return body && can_fold_body(*body); }
  bool has_effect() const { return body && engine::has_effect(*body); }
  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  Shapes max_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;

  LoopOutputKind kind_of(size_t output) const { return static_cast<LoopOutputKind>(kinds[output]); }
  size_t first_next() const { return conditional ? 1 : 0; }
  ValueId next_of(int64_t recurrence) const { return body->outputs()[first_next() + static_cast<size_t>(recurrence)]; }
  // The trip limit, not below 0; nullopt: there is none, or its value is not known.
  std::optional<int64_t> trips(const ShapeArgs& in) const;
  // Body inputs as they are in every iteration: shapes of slices, no values of what changes.
  BodyArgs args(const ShapeArgs& in) const;

  void check_iterators(const ShapeArgs& in) const;
  void check_recurrences(const ShapeArgs& in, const Evaluation& inside) const;
  Shapes shapes_with(const ShapeArgs& in, const Evaluation& inside) const;
};

}  // namespace torchtrt::engine
