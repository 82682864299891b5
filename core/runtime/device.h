// Where an engine runs, in torch's words, and the stream its caller is on.
#pragma once

#include <NvInferRuntime.h>
#include <c10/core/Device.h>

#include <string>

namespace torchtrt::runtime {

// Device of "id%major%minor%type%name" (type 0 GPU, 1 DLA, 2 CPU). `text` empty: the device engines run on now.
// Throws Error where the text cannot be read, or that device is not one that the loaded engine library runs on here.
c10::Device device_of(const std::string& text, const std::string& engine_name);

// The text for the device engines run on now; torch_tensorrt.Device writes the fuller one.
std::string text_of(c10::Device device);

// The caller's current stream on a CUDA device; null for the CPU.
cudaStream_t current_stream(c10::Device device);

}  // namespace torchtrt::runtime
