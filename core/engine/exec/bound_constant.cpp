// Constant whose weights are streamed: fetched from the staging buffer of the context. See Note [Staging].
#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/cuda_graph.h"
#include "core/engine/exec/staging.h"
#include "core/engine/exec/weight_stream.h"
#include "core/engine/layers/constant.h"

namespace torchtrt::engine {
namespace {

class StreamedConstant final : public BoundKernel {
 public:
  explicit StreamedConstant(const Layer& layer) : layer_(layer), kernel_(find_kernel(Constant::kKind)) {}

  // Others copy their weights at every run: their lengths are not known before, or a body holds them.
  void run(Call& call) override {
    Staging* staging = WeightStream::current();
    const int item = staging ? staging->weights().find(layer_) : -1;
    if (item < 0) return kernel_(layer_, call);
    refuse_capture(call.device());
    const Shape stored = storage_shape_of(call.out_type(0), call.out_shape(0));
    call.set(0, staging->fetch(item, {stored.begin(), stored.end()}, storage_type_of(call.out_type(0))));
  }
  bool is_recordable(const Accept&) override { return false; }

 private:
  // A graph would repeat the work of one run, and others write to the buffer.
  static void refuse_capture(c10::Device device) {
    const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
    TORCHTRT_REQUIRE(kInvalidState, !is_capturing_stream(reinterpret_cast<void*>(stream.id())),
                     "the engine streams its weights, which a CUDA graph cannot capture; set a budget of all "
                     "streamable weights, or run outside the capture");
  }

  const Layer& layer_;
  KernelFunction kernel_;
};

std::unique_ptr<BoundKernel> bind_constant(const NodeView& view) {
  if (!view.device.is_cuda()) return nullptr;
  return std::make_unique<StreamedConstant>(*view.node.layer);
}

const bool registered = (register_binder(Constant::kKind, bind_constant), true);

}  // namespace
}  // namespace torchtrt::engine
