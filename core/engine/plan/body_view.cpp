// bodies_of: by kind.
#include "core/engine/plan/body_view.h"

#include "core/engine/plan/if_conditional.h"
#include "core/engine/plan/loop.h"

namespace torchtrt::engine {

std::vector<BodyView> bodies_of(const Layer& layer, const ShapeArgs& in) {
  if (const auto* loop = as<Loop>(layer)) return {{"body", loop->body, loop->args(in)}};
  if (const auto* branches = as<IfConditional>(layer))
    return {{"then_body", branches->then_body, body_args(branches->then_feeds, in)},
            {"else_body", branches->else_body, body_args(branches->else_feeds, in)}};
  return {};
}

}  // namespace torchtrt::engine
