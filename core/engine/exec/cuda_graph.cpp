// CudaGraph through the symbols of libtorch_cuda.
#include "core/engine/exec/cuda_graph.h"

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <mutex>

#include "core/engine/exec/switches.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr int kThreadLocalCapture = 1;  // cudaStreamCaptureModeThreadLocal: other threads' calls do not disturb
constexpr unsigned kNonBlocking = 1;    // cudaStreamNonBlocking

struct Symbols {
  void (*construct)(void*, bool keep_graph) = nullptr;
  void (*destroy)(void*) = nullptr;
  void (*begin)(void*, CudaGraph::Pool, int mode) = nullptr;
  void (*end)(void*) = nullptr;
  void (*replay)(void*) = nullptr;
  CudaGraph::Pool (*new_pool)() = nullptr;
  void (*clear_workspaces)() = nullptr;
  void (*clear_workspaces_of)(void* stream) = nullptr;  // from some torch on
  int (*create_stream)(void**, unsigned flags) = nullptr;
  int (*capture_status)(void*, int*) = nullptr;

  // All but `clear_workspaces_of`; without `capture_status` captures of the caller are seen where torch tells.
  bool complete() const {
    return construct && destroy && begin && end && replay && new_pool && clear_workspaces && create_stream &&
           capture_status;
  }
};

Symbols find_symbols() {
  Symbols found;
  void* torch_cuda = dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
  if (!torch_cuda) return found;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(torch_cuda, name));
  };
  find(found.construct, "_ZN2at4cuda9CUDAGraphC1Eb");
  find(found.destroy, "_ZN2at4cuda9CUDAGraphD1Ev");
  find(found.begin, "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
  find(found.end, "_ZN2at4cuda9CUDAGraph11capture_endEv");
  find(found.replay, "_ZN2at4cuda9CUDAGraph6replayEv");
  find(found.new_pool, "_ZN2at4cuda17graph_pool_handleEv");
  find(found.clear_workspaces, "_ZN2at4cuda21clearCublasWorkspacesEv");
  find(found.clear_workspaces_of, "_ZN2at4cuda30clearCublasWorkspacesForStreamEP11CUstream_st");
  find(found.create_stream, "cudaStreamCreateWithFlags");
  find(found.capture_status, "cudaStreamIsCapturing");
  return found;
}

const Symbols& symbols() {
  static const Symbols found = find_symbols();
  return found;
}

c10::impl::VirtualGuardImpl cuda() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

// Streams of torch's pools may be in use elsewhere, and what comes to them meanwhile would be recorded too.
c10::Stream recording_stream(c10::Device device) {
  static std::mutex mutex;
  static std::vector<void*> streams;
  const std::lock_guard lock(mutex);
  const auto index = static_cast<size_t>(device.index());
  if (streams.size() <= index) streams.resize(index + 1, nullptr);
  if (!streams[index]) {
    const int status = symbols().create_stream(&streams[index], kNonBlocking);
    TORCHTRT_REQUIRE(kExecution, status == 0, "no stream to record on: CUDA error ", status);
  }
  const auto id = static_cast<c10::StreamId>(reinterpret_cast<intptr_t>(streams[index]));
  return c10::Stream(c10::Stream::UNSAFE, device, id);
}

class StreamScope {
 public:
  explicit StreamScope(c10::Stream stream) : former_(cuda().exchangeStream(stream)) {}
  ~StreamScope() { cuda().exchangeStream(former_); }
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  c10::Stream former_;
};

// Workspaces of matrix products belong to a stream and would be shared by all graphs that were recorded there: each
// recording starts without and leaves none behind, so that they are part of its own pool. Graphs of the application may
// use those of other streams, which stay where torch offers that; otherwise it is as with torch.compile's graphs.
class NoWorkspaces {
 public:
  explicit NoWorkspaces(const c10::Stream& stream) : stream_(reinterpret_cast<void*>(stream.id())) { clear(); }
  ~NoWorkspaces() { clear(); }
  NoWorkspaces(const NoWorkspaces&) = delete;
  NoWorkspaces& operator=(const NoWorkspaces&) = delete;

 private:
  void clear() const {
    symbols().clear_workspaces_of ? symbols().clear_workspaces_of(stream_) : symbols().clear_workspaces();
  }

  void* stream_;
};

}  // namespace

bool records_cuda_graphs() { return is_switched_on("TORCHTRT_EMBEDDED_CUDA_GRAPHS") && symbols().complete(); }

bool is_capturing_stream(void* stream) {
  int status = 0;
  return symbols().capture_status && symbols().capture_status(stream, &status) == 0 && status != 0;
}

CudaGraph::Pool CudaGraph::new_pool() { return symbols().new_pool(); }

CudaGraph::CudaGraph() { symbols().construct(storage_, /*keep_graph=*/false); }

CudaGraph::~CudaGraph() { symbols().destroy(storage_); }

std::unique_ptr<CudaGraph> CudaGraph::record(c10::Device device, Pool pool, const std::function<void()>& work) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::unique_ptr<CudaGraph> graph(new CudaGraph);
  const c10::Stream stream = recording_stream(device);
  const NoWorkspaces own(stream);
  const StreamScope scope(stream);
  symbols().begin(graph->storage_, pool, kThreadLocalCapture);
  try {
    work();
  } catch (...) {
    try {
      symbols().end(graph->storage_);
    } catch (...) {  // what `work` threw says more
    }
    throw;
  }
  symbols().end(graph->storage_);
  return graph;
}

void CudaGraph::launch() { symbols().replay(storage_); }

}  // namespace torchtrt::engine
