// follow: a context made again from what was set, whenever the engine's plan has been exchanged.
#include "core/engine/exec/current_plan.h"

#include <map>

#include "core/engine/plan/refit.h"

namespace torchtrt::engine {
namespace {

// What was set on a context.
struct Settings {
  int profile = 0;
  std::map<std::string, Shape, std::less<>> shapes;
  std::map<std::string, void*, std::less<>> addresses;
  std::map<std::string, OutputAllocator, std::less<>> allocators;
  Communicator communicator;
  void* block = nullptr;
  int64_t block_bytes = 0;
  std::function<void(const std::string&)> warning, layer_log;
  bool times = false;
  std::shared_ptr<const DebugListener> listener;

  void apply(Context& context) const {
    context.set_profile(profile);
    for (const auto& [name, shape] : shapes) context.set_input_shape(name, shape);
    for (const auto& [name, address] : addresses) context.set_address(name, address);
    for (const auto& [name, allocator] : allocators) context.set_output_allocator(name, allocator);
    context.set_communicator(communicator);
    if (block) context.set_block(block, block_bytes);
    if (warning) context.set_warning(warning);
    if (layer_log) context.set_layer_log(layer_log);
    if (times) context.record_times(true);
    if (listener) context.set_debug_listener(listener);
  }
};

class FollowingContext final : public Context {
 public:
  FollowingContext(std::shared_ptr<const CurrentPlan> plan, void* owner) : plan_(std::move(plan)), owner_(owner) {
    inner();
  }

  void set_profile(int index) override {
    inner().set_profile(index);
    if (index != settings_.profile) settings_.shapes.clear();
    settings_.profile = index;
  }
  int profile() const override { return settings_.profile; }
  void set_input_shape(std::string_view input, const Shape& shape) override {
    inner().set_input_shape(input, shape);
    settings_.shapes.insert_or_assign(std::string(input), shape);
  }
  void set_address(std::string_view tensor, void* address) override {
    inner().set_address(tensor, address);
    settings_.addresses.insert_or_assign(std::string(tensor), address);
  }
  void* address(std::string_view tensor) const override { return inner_->address(tensor); }
  void set_output_allocator(std::string_view output, std::optional<OutputAllocator> allocator) override {
    inner().set_output_allocator(output, allocator);
    settings_.allocators.erase(std::string(output));
    if (allocator) settings_.allocators.emplace(std::string(output), std::move(*allocator));
  }
  Shape shape(std::string_view tensor) override { return inner().shape(tensor); }
  std::vector<std::string> infer_shapes() override { return inner().infer_shapes(); }
  int64_t max_output_bytes(std::string_view output) override { return inner().max_output_bytes(output); }
  void set_communicator(Communicator communicator) override {
    inner().set_communicator(communicator);
    settings_.communicator = std::move(communicator);
  }
  void enqueue(void* stream) override {
    Context& context = inner();
    const Plan& plan = loaded_->plan();
    TORCHTRT_REQUIRE(kInvalidState, !plan.source || !plan.source->lacks_weights(), "engine \"", plan.name,
                     "\" lacks weights ", absent_names(*plan.source), "; refit it before running");
    context.enqueue(stream);
  }
  void set_block(void* address, int64_t bytes) override {
    inner().set_block(address, bytes);
    settings_.block = address;
    settings_.block_bytes = bytes;
  }
  int64_t block_bytes() override { return inner().block_bytes(); }
  void set_warning(std::function<void(const std::string&)> warning) override {
    settings_.warning = warning;
    inner().set_warning(std::move(warning));
  }
  void set_layer_log(std::function<void(const std::string&)> log) override {
    settings_.layer_log = log;
    inner().set_layer_log(std::move(log));
  }
  std::vector<Shape> shapes() override { return inner().shapes(); }
  void record_times(bool on) override {
    settings_.times = on;
    inner().record_times(on);
  }
  // Those of the plan before tell nothing of the present layers.
  std::vector<float> times() const override {
    return version_ == plan_->version() ? inner_->times() : std::vector<float>();
  }
  void set_debug_listener(std::shared_ptr<const DebugListener> listener) override {
    settings_.listener = listener;
    inner().set_debug_listener(std::move(listener));
  }
  const std::vector<std::string>& operators() const override {
    static const std::vector<std::string> none;
    return version_ == plan_->version() ? inner_->operators() : none;
  }

 private:
  Context& inner() {
    if (inner_ && version_ == plan_->version()) return *inner_;
    version_ = plan_->version();
    inner_.reset();  // what belongs to the owner is detached before it is attached again
    loaded_ = plan_->get();
    inner_ = Context::create(loaded_, owner_);
    settings_.apply(*inner_);
    return *inner_;
  }

  std::shared_ptr<const CurrentPlan> plan_;
  void* owner_;
  Settings settings_;
  uint64_t version_ = 0;
  std::shared_ptr<const LoadedPlan> loaded_;
  std::unique_ptr<Context> inner_;
};

}  // namespace

std::unique_ptr<Context> follow(std::shared_ptr<const CurrentPlan> plan, void* owner) {
  const bool follows = plan->get()->plan().source != nullptr;
  return follows ? std::make_unique<FollowingContext>(std::move(plan), owner) : Context::create(plan->get(), owner);
}

}  // namespace torchtrt::engine
