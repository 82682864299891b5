// Where an engine runs, and the stream its caller is on. c10's device-generic interface: no CUDA header is needed.
#include "core/runtime/device.h"

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "core/ir/device.h"
#include "core/provider/provider.h"
#include "core/runtime/engine_info.h"
#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

int number(const std::string& text, const std::string& whole, const std::string& engine_name) {
  int value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  TORCHTRT_REQUIRE(kCorruptPlan, status == std::errc() && end == text.data() + text.size(), "Engine '", engine_name,
                   "': device '", whole, "' is not id%major%minor%type%name: '", text, "' is no number.");
  return value;
}

c10::Device parse(const std::string& text, const std::string& engine_name) {
  const std::vector<std::string> parts = split(text, kDelimiter);
  TORCHTRT_REQUIRE(kCorruptPlan, parts.size() == 5, "Engine '", engine_name, "': device '", text, "' has ",
                   parts.size(), " parts, expected 5: id%major%minor%type%name.");
  const auto type = static_cast<ir::DeviceType>(number(parts[3], text, engine_name));
  if (type == ir::DeviceType::kCpu) return c10::Device(c10::kCPU);
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(number(parts[0], text, engine_name)));
}

int cuda_devices() {
  return c10::impl::hasDeviceGuardImpl(c10::kCUDA) ? c10::impl::VirtualGuardImpl(c10::kCUDA).deviceCount() : 0;
}

// NVIDIA's library runs on CUDA only; the embedded engine where TORCHTRT_EMBEDDED_DEVICE says, else on CUDA if there
// is.
bool runs_on_cuda() {
  if (provider::info().choice == provider::Choice::kNvidia) return true;
  const char* choice = std::getenv("TORCHTRT_EMBEDDED_DEVICE");
  return choice && *choice ? std::string_view(choice) == "cuda" : cuda_devices() > 0;
}

c10::Device default_device() {
  if (!runs_on_cuda()) return c10::Device(c10::kCPU);
  return c10::impl::VirtualGuardImpl(c10::kCUDA).getDevice();
}

void check_usable(c10::Device device, const std::string& engine_name) {
  const bool cuda = runs_on_cuda();
  TORCHTRT_REQUIRE(kInvalidState, device.is_cuda() == cuda, "Engine '", engine_name, "' was built for ",
                   device.is_cuda() ? "a GPU" : "the CPU", ", but the engine library of this process runs on ",
                   cuda ? "CUDA" : "the CPU", ". ",
                   cuda ? "Set TORCHTRT_EMBEDDED_DEVICE=cpu, or compile the model for the GPU."
                        : "Run it on a machine with a GPU, or compile the model again for the CPU.");
  if (!cuda) return;
  const int count = cuda_devices();
  TORCHTRT_REQUIRE(kInvalidState, device.index() < count, "Engine '", engine_name, "' was built for ", device,
                   ", but this machine has ", count, " CUDA device(s). Compile the model for one of them.");
}

}  // namespace

c10::Device device_of(const std::string& text, const std::string& engine_name) {
  if (text.empty()) return default_device();
  const c10::Device device = parse(text, engine_name);
  check_usable(device, engine_name);
  return device;
}

std::string text_of(c10::Device device) {
  if (device.is_cpu()) return "-1%0%0%2%CPU";
  return std::to_string(device.index()) + "%0%0%0%CUDA";
}

cudaStream_t current_stream(c10::Device device) {
  if (!device.is_cuda()) return nullptr;
  return static_cast<cudaStream_t>(c10::impl::VirtualGuardImpl(c10::kCUDA).getStream(device).native_handle());
}

}  // namespace torchtrt::runtime
