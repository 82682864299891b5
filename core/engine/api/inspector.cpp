// EngineInspector: chooses what is told by the verbosity that the engine was built with.
#include "core/engine/api/inspector.h"

#include "core/engine/api/execution_context.h"
#include "core/engine/api/layer_text.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {
namespace {

void require_format(nv::LayerInformationFormat format) {
  const int number = static_cast<int>(format);
  TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<nv::LayerInformationFormat>(),
                   "LayerInformationFormat ", number, " does not exist");
}

}  // namespace

bool EngineInspector::setExecutionContext(const nv::IExecutionContext* context) noexcept {
  return report_.attempt("IEngineInspector::setExecutionContext", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, !context || &context->getEngine() == &engine_,
                     "the execution context belongs to another engine");
    context_ = context;
  });
}

const ExecutionContext* EngineInspector::ours() const { return static_cast<const ExecutionContext*>(context_); }

const char* EngineInspector::getLayerInformation(int32_t index, nv::LayerInformationFormat format) const noexcept {
  return report_.guard("IEngineInspector::getLayerInformation", static_cast<const char*>(nullptr), [&] {
    const auto now = engine_.plan();
    const Plan& plan = *now;
    TORCHTRT_REQUIRE(kInvalidArgument, index >= 0 && index < static_cast<int32_t>(plan.order.size()), "layer ", index,
                     "; the engine has ", plan.order.size());
    require_format(format);
    text_ = layer_text(plan, plan.order[static_cast<size_t>(index)], ours(), format);
    return text_.c_str();
  });
}

const char* EngineInspector::getEngineInformation(nv::LayerInformationFormat format) const noexcept {
  return report_.guard("IEngineInspector::getEngineInformation", static_cast<const char*>(nullptr), [&] {
    require_format(format);
    text_ = engine_text(*engine_.plan(), ours(), format);
    return text_.c_str();
  });
}

}  // namespace torchtrt::engine::api
