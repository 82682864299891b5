// Waiting for a run and marking its end, for callers that know streams and events as handles only.
#pragma once

namespace torchtrt::engine {

// Returns when everything queued on the default stream of the engine's device is done. At once on the CPU.
void wait_for_device();

// The same of a stream of the engine's device (a cudaStream_t; null: the default stream).
void wait_for_stream(void* stream);

// Records `event` (a cudaEvent_t) behind what is queued on `stream` (a cudaStream_t; null: the default stream).
// Nothing on the CPU, where a run is over when it returns.
void record_event(void* event, void* stream);

}  // namespace torchtrt::engine
