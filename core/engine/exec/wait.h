// Waiting for a run and marking its end, for callers that know streams and events as handles only.
#pragma once

namespace torchtrt::engine {

// Returns when everything queued on a stream (a cudaStream_t; null: the default stream) is done. `device`: see
// LoadedPlan::device_index. At once on the CPU.
void wait_for_stream(void* stream, int device);

// The same on the device that an engine would be loaded on now.
void wait_for_stream(void* stream);

// Records `event` (a cudaEvent_t) behind what is queued on `stream` (a cudaStream_t; null: the default stream).
// Nothing on the CPU, where a run is over when it returns.
void record_event(void* event, void* stream, int device);

}  // namespace torchtrt::engine
