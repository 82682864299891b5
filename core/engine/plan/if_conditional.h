// IfConditional: a conditional of a network as one layer with two bodies. Input 0 is the condition.
#pragma once

#include "core/engine/plan/body.h"

namespace torchtrt::engine {

struct IfConditional {
  static constexpr const char* kKind = "IfConditional";

  GraphRef then_body;
  std::vector<int64_t> then_feeds;  // by body input: input of the layer
  GraphRef else_body;
  std::vector<int64_t> else_feeds;
  int64_t on_host = 0;  // mask of inputs needed on the host
  TORCHTRT_FIELDS(then_body, then_feeds, else_body, else_feeds, on_host)

  uint32_t host_inputs() const { return static_cast<uint32_t>(on_host); }
  bool can_fold() const;
  bool has_effect() const;
  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  Shapes max_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;

  const Graph& body(bool condition) const { return condition ? *then_body : *else_body; }
  const std::vector<int64_t>& feeds(bool condition) const { return condition ? then_feeds : else_feeds; }
  // nullopt: not known on the host.
  static std::optional<bool> condition(const ShapeArgs& in);
};

}  // namespace torchtrt::engine
