// Normalization written as parts: finding one in a graph.
#pragma once

#include <optional>

#include "core/engine/graph/graph.h"
#include "core/engine/layers/row_normalization.h"

namespace torchtrt::engine {

// (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * scale + bias, or without the means subtracted.
struct NormalizationParts {
  ValueId x = kNoId, scale = kNoId, bias = kNoId;
  ValueId result = kNoId;  // what all of it computes
  uint32_t axes = 0;
  double epsilon = 0;
  bool center = false;
  bool by_rows = false;  // the axes are the last ones, and scale and bias run over just these
};

// With the product or quotient that node `id` is as its core; nullopt: it is something else, or something in between is
// used elsewhere.
std::optional<NormalizationParts> match_normalization(const Graph& graph, NodeId id);

// What a Normalization or RowNormalization of the last axes, without a residual, is as one of rows; nullopt: it is
// something else.
std::optional<RowNormalization> as_rows(const Graph& graph, NodeId id);

// What a value was before it was widened, which changed nothing.
ValueId unwidened(const Graph& graph, ValueId value);

// The axes are the last ones of `rank`.
bool are_last(uint32_t axes, int rank);
// Known lengths of `shape` along the axes, and 1 everywhere else.
bool runs_over(const Shape& parameter, const Shape& shape, uint32_t axes);

}  // namespace torchtrt::engine
