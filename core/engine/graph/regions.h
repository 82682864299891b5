// Regions: which layers lie inside the loops and conditionals of a network under definition.
#pragma once

#include <vector>

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// What a boundary layer is to its region.
enum class Boundary {
  kNone,    // no boundary layer
  kSource,  // Recurrence, Iterator, ConditionalInput: what is behind it is inside
  kLimit,   // TripLimit, Condition
  kExit,    // LoopOutput, ConditionalOutput: what is behind it is outside again
};

struct Place {
  Boundary boundary = Boundary::kNone;
  int region = -1;
};
Place place_of(const Layer& layer);

// Boundary layers by region, and users by value: of a graph as it is now.
class RegionMap {
 public:
  explicit RegionMap(const Graph& graph);

  int count() const { return static_cast<int>(nodes_.size()); }
  // Boundary layers of a region, in the order of addition.
  const std::vector<NodeId>& nodes(int region) const { return nodes_[static_cast<size_t>(region)]; }
  std::vector<NodeId> nodes(int region, Boundary boundary) const;
  const std::vector<NodeId>& users(ValueId value) const { return users_[static_cast<size_t>(value)]; }

  // By node: whether it depends on a source of the region, other than through its exits, which are reached themselves.
  // A loop or conditional that is reached in one place is inside as a whole.
  std::vector<char> inside(int region) const;
  // By node: whether it depends on a result of the region, other than through a recurrence.
  std::vector<char> behind(int region) const;
  // Region that the value is computed inside of; -1: none.
  int region_around(ValueId value) const;

 private:
  std::vector<char> reach(std::vector<NodeId> from, int region) const;

  const Graph& graph_;
  std::vector<std::vector<NodeId>> nodes_;
  std::vector<std::vector<NodeId>> users_;
};

}  // namespace torchtrt::engine
