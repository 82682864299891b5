// A library of plugins, compiled by the tests: y = scale * x in every generation. It keeps a log of the calls, counts
// the objects that are alive, and fails where it is told to (field "fail", the name of a function).
#include <NvInferPlugin.h>
#include <NvInferRuntime.h>
#include <dlfcn.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace nvinfer1;

std::string the_log;
int alive = 0;
ILoggerFinder* finder = nullptr;

void note(const std::string& text) { the_log += text + '\n'; }

std::string text(const Dims& dims) {
  std::string out;
  for (int32_t i = 0; i < dims.nbDims; ++i) out += (i ? "," : "") + std::to_string(dims.d[i]);
  return "[" + out + "]";
}
std::string text(const DynamicPluginTensorDesc& desc) {
  return text(desc.desc.dims) + text(desc.min) + text(desc.opt) + text(desc.max);
}

int64_t volume(const Dims& dims) {
  int64_t result = 1;
  for (int32_t i = 0; i < dims.nbDims; ++i) result *= dims.d[i];
  return result;
}

template <class Function>
Function* driver(const char* name) {
  static void* library = dlopen("libcuda.so.1", RTLD_NOW);
  return library ? reinterpret_cast<Function*>(dlsym(library, name)) : nullptr;
}

// On CUDA by way of the host.
void scale_elements(const void* from, void* to, int64_t count, float scale, cudaStream_t stream, bool cuda) {
  std::vector<float> host(static_cast<size_t>(count));
  const size_t bytes = host.size() * sizeof(float);
  if (cuda) {
    driver<int(void*)>("cuStreamSynchronize")(stream);
    driver<int(void*, uintptr_t, size_t)>("cuMemcpyDtoH_v2")(host.data(), reinterpret_cast<uintptr_t>(from), bytes);
  } else {
    std::memcpy(host.data(), from, bytes);
  }
  for (float& x : host) x *= scale;
  if (cuda) {
    driver<int(uintptr_t, const void*, size_t)>("cuMemcpyHtoD_v2")(reinterpret_cast<uintptr_t>(to), host.data(), bytes);
  } else {
    std::memcpy(to, host.data(), bytes);
  }
}

// What a plugin is made from, and what it is written as: scale, elements, device, the failing function.
struct State {
  float scale = 1;
  int32_t count = 0;  // elements that a static plugin was configured for
  char cuda = 0;
  std::string fail;

  State() = default;
  explicit State(const PluginFieldCollection* fields) {
    for (int32_t i = 0; fields && i < fields->nbFields; ++i) {
      const PluginField& field = fields->fields[i];
      if (!std::strcmp(field.name, "scale")) scale = *static_cast<const float*>(field.data);
      if (!std::strcmp(field.name, "cuda")) cuda = *static_cast<const char*>(field.data);
      if (!std::strcmp(field.name, "fail")) fail.assign(static_cast<const char*>(field.data), field.length);
    }
  }
  State(const void* data, size_t size) {
    const char* bytes = static_cast<const char*>(data);
    std::memcpy(&scale, bytes, sizeof scale);
    std::memcpy(&count, bytes + 4, sizeof count);
    cuda = bytes[8];
    fail.assign(bytes + 9, size - 9);
  }
  size_t size() const { return 9 + fail.size(); }
  void write(void* to) const {
    char* bytes = static_cast<char*>(to);
    std::memcpy(bytes, &scale, sizeof scale);
    std::memcpy(bytes + 4, &count, sizeof count);
    bytes[8] = cuda;
    std::memcpy(bytes + 9, fail.data(), fail.size());
  }
  int32_t code(const char* function) const { return fail == function ? 7 : 0; }
};

struct Counted {
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  ~Counted() { --alive; }
};

class Three final : public IPluginV3,
                    public IPluginV3OneCore,
                    public IPluginV3OneBuild,
                    public IPluginV3OneRuntime,
                    Counted {
 public:
  explicit Three(const State& state) : state_(state) {}
  ~Three() override { note("delete"); }

  IPluginCapability* getCapabilityInterface(PluginCapabilityType type) noexcept override {
    if (type == PluginCapabilityType::kCORE) return static_cast<IPluginV3OneCore*>(this);
    if (type == PluginCapabilityType::kBUILD && state_.fail != "no build") return static_cast<IPluginV3OneBuild*>(this);
    if (type == PluginCapabilityType::kRUNTIME && state_.fail != "no runtime")
      return static_cast<IPluginV3OneRuntime*>(this);
    return nullptr;
  }
  IPluginV3* clone() noexcept override {
    note("clone");
    return state_.code("clone") ? nullptr : new Three(state_);
  }
  const char* getPluginName() const noexcept override { return "Three"; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  const char* getPluginNamespace() const noexcept override { return "library"; }

  int32_t configurePlugin(const DynamicPluginTensorDesc* in, int32_t, const DynamicPluginTensorDesc* out,
                          int32_t) noexcept override {
    note("configurePlugin " + text(in[0]) + " " + text(out[0]));
    return state_.code("configurePlugin");
  }
  int32_t getOutputDataTypes(DataType* out, int32_t, const DataType* in, int32_t) const noexcept override {
    note("getOutputDataTypes");
    out[0] = in[0];
    return state_.code("getOutputDataTypes");
  }
  int32_t getOutputShapes(const DimsExprs* in, int32_t, const DimsExprs*, int32_t, DimsExprs* out, int32_t,
                          IExprBuilder&) noexcept override {
    note("getOutputShapes");
    out[0] = in[0];
    return state_.code("getOutputShapes");
  }
  bool supportsFormatCombination(int32_t position, const DynamicPluginTensorDesc* descs, int32_t,
                                 int32_t) noexcept override {
    note("supportsFormatCombination " + std::to_string(position));
    const PluginTensorDesc& desc = descs[position].desc;
    return desc.type == DataType::kFLOAT && desc.format == TensorFormat::kLINEAR;
  }
  int32_t getNbOutputs() const noexcept override { return state_.fail == "no outputs" ? 0 : 1; }
  size_t getWorkspaceSize(const DynamicPluginTensorDesc* in, int32_t, const DynamicPluginTensorDesc*,
                          int32_t) const noexcept override {
    note("getWorkspaceSize");
    return static_cast<size_t>(volume(in[0].max)) * sizeof(float);
  }
  int32_t getNbTactics() noexcept override { return 2; }
  int32_t getValidTactics(int32_t* tactics, int32_t) noexcept override {
    note("getValidTactics");
    tactics[0] = 5;
    tactics[1] = state_.fail == "equal tactics" ? 5 : 9;
    return state_.code("getValidTactics");
  }

  int32_t setTactic(int32_t tactic) noexcept override {
    note("setTactic " + std::to_string(tactic));
    return state_.code("setTactic");
  }
  int32_t onShapeChange(const PluginTensorDesc* in, int32_t, const PluginTensorDesc*, int32_t) noexcept override {
    note("onShapeChange " + text(in[0].dims));
    return state_.code("onShapeChange");
  }
  int32_t enqueue(const PluginTensorDesc* in, const PluginTensorDesc*, const void* const* from, void* const* to,
                  void* workspace, cudaStream_t stream) noexcept override {
    const bool aligned = workspace && reinterpret_cast<uintptr_t>(workspace) % 256 == 0;
    note(aligned ? "enqueue" : "enqueue without aligned workspace");
    if (!state_.code("enqueue"))
      scale_elements(from[0], to[0], volume(in[0].dims), state_.scale, stream, state_.cuda != 0);
    return state_.code("enqueue");
  }
  IPluginV3* attachToContext(IPluginResourceContext* context) noexcept override {
    IGpuAllocator* allocator = context->getGpuAllocator();
    void* memory = allocator->allocate(1024, 0, 0);
    note(memory && allocator->deallocate(memory) ? "attachToContext" : "attachToContext without memory");
    return state_.code("attachToContext") ? nullptr : clone();
  }
  const PluginFieldCollection* getFieldsToSerialize() noexcept override {
    note("getFieldsToSerialize");
    fields_ = {
        PluginField("scale", &state_.scale, PluginFieldType::kFLOAT32, 1),
        PluginField("cuda", &state_.cuda, PluginFieldType::kCHAR, 1),
        PluginField("fail", state_.fail.data(), PluginFieldType::kCHAR, static_cast<int32_t>(state_.fail.size()))};
    collection_ = {3, fields_.data()};
    return state_.code("getFieldsToSerialize") ? nullptr : &collection_;
  }

 private:
  State state_;
  std::vector<PluginField> fields_;
  PluginFieldCollection collection_;
};

// What the plugins of the second generation share.
template <class Base>
class Two : public Base, Counted {
 public:
  Two(const char* name, const State& state) : name_(name), state_(state) {}
  ~Two() override { note("delete"); }

  const char* getPluginType() const noexcept override { return name_; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  int32_t getNbOutputs() const noexcept override { return 1; }
  int32_t initialize() noexcept override {
    note("initialize");
    return state_.code("initialize");
  }
  void terminate() noexcept override { note("terminate"); }
  size_t getSerializationSize() const noexcept override { return state_.size(); }
  void serialize(void* buffer) const noexcept override {
    note("serialize");
    state_.write(buffer);
  }
  void destroy() noexcept override {
    note("destroy");
    delete this;
  }
  void setPluginNamespace(const char*) noexcept override {}
  const char* getPluginNamespace() const noexcept override { return "library"; }
  DataType getOutputDataType(int32_t, const DataType* in, int32_t) const noexcept override { return in[0]; }
  void attachToContext(cudnnContext* dnn, cublasContext* blas, IGpuAllocator*) noexcept override {
    note(dnn || blas ? "attachToContext with handles" : "attachToContext");
  }
  void detachFromContext() noexcept override { note("detachFromContext"); }

 protected:
  int32_t run(const void* const* from, void* const* to, int64_t count, cudaStream_t stream) {
    note("enqueue");
    if (!state_.code("enqueue")) scale_elements(from[0], to[0], count, state_.scale, stream, state_.cuda != 0);
    return state_.code("enqueue");
  }
  const char* name_;
  State state_;
};

class TwoDynamic final : public Two<IPluginV2DynamicExt> {
 public:
  using Two::Two;
  IPluginV2DynamicExt* clone() const noexcept override {
    note("clone");
    return state_.code("clone") ? nullptr : new TwoDynamic(name_, state_);
  }
  DimsExprs getOutputDimensions(int32_t, const DimsExprs* in, int32_t, IExprBuilder&) noexcept override {
    note("getOutputDimensions");
    return in[0];
  }
  bool supportsFormatCombination(int32_t position, const PluginTensorDesc* descs, int32_t, int32_t) noexcept override {
    note("supportsFormatCombination " + std::to_string(position));
    return descs[position].type == DataType::kFLOAT && descs[position].format == TensorFormat::kLINEAR;
  }
  void configurePlugin(const DynamicPluginTensorDesc* in, int32_t, const DynamicPluginTensorDesc*,
                       int32_t) noexcept override {
    note("configurePlugin " + text(in[0]));
  }
  size_t getWorkspaceSize(const PluginTensorDesc* in, int32_t, const PluginTensorDesc*,
                          int32_t) const noexcept override {
    note("getWorkspaceSize " + text(in[0].dims));
    return 64;
  }
  int32_t enqueue(const PluginTensorDesc* in, const PluginTensorDesc*, const void* const* from, void* const* to, void*,
                  cudaStream_t stream) noexcept override {
    return run(from, to, volume(in[0].dims), stream);
  }
};

class TwoIO final : public Two<IPluginV2IOExt> {
 public:
  using Two::Two;
  IPluginV2Ext* clone() const noexcept override { return new TwoIO(*this); }
  Dims getOutputDimensions(int32_t, const Dims* in, int32_t) noexcept override { return in[0]; }
  void configurePlugin(const PluginTensorDesc* in, int32_t, const PluginTensorDesc*, int32_t) noexcept override {
    note("configurePlugin " + text(in[0].dims));
    state_.count = static_cast<int32_t>(volume(in[0].dims));
  }
  bool supportsFormatCombination(int32_t position, const PluginTensorDesc* descs, int32_t,
                                 int32_t) const noexcept override {
    return descs[position].type == DataType::kFLOAT && descs[position].format == TensorFormat::kLINEAR;
  }
  size_t getWorkspaceSize(int32_t) const noexcept override { return 0; }
  int32_t enqueue(int32_t, const void* const* from, void* const* to, void*, cudaStream_t stream) noexcept override {
    return run(from, to, state_.count, stream);
  }
#if NV_TENSORRT_MAJOR == 10
  bool isOutputBroadcastAcrossBatch(int32_t, const bool*, int32_t) const noexcept override { return false; }
  bool canBroadcastInputAcrossBatch(int32_t) const noexcept override { return false; }
#endif
};

class TwoExt final : public Two<IPluginV2Ext> {
 public:
  using Two::Two;
  IPluginV2Ext* clone() const noexcept override { return new TwoExt(*this); }
  Dims getOutputDimensions(int32_t, const Dims* in, int32_t) noexcept override { return in[0]; }
  bool supportsFormat(DataType type, PluginFormat format) const noexcept override {
    return type == DataType::kFLOAT && format == PluginFormat::kLINEAR;
  }
  void configurePlugin(const Dims* in, int32_t, const Dims*, int32_t, const DataType*, const DataType*, const bool*,
                       const bool*, PluginFormat, int32_t batch) noexcept override {
    note("configurePlugin " + text(in[0]) + " batch " + std::to_string(batch));
    state_.count = static_cast<int32_t>(volume(in[0]));
  }
  size_t getWorkspaceSize(int32_t) const noexcept override { return 0; }
  int32_t enqueue(int32_t, const void* const* from, void* const* to, void*, cudaStream_t stream) noexcept override {
    return run(from, to, state_.count, stream);
  }
#if NV_TENSORRT_MAJOR == 10
  bool isOutputBroadcastAcrossBatch(int32_t, const bool*, int32_t) const noexcept override { return false; }
  bool canBroadcastInputAcrossBatch(int32_t) const noexcept override { return false; }
#endif
};

class CreatorThree final : public IPluginCreatorV3One {
 public:
  IPluginV3* createPlugin(const char* name, const PluginFieldCollection* fields,
                          TensorRTPhase phase) noexcept override {
    note(std::string("createPlugin ") + name + (phase == TensorRTPhase::kBUILD ? " build" : " runtime"));
    const State state(fields);
    const bool fails = state.fail == "createPlugin" && phase == TensorRTPhase::kRUNTIME;
    return fails ? nullptr : new Three(state);
  }
  const PluginFieldCollection* getFieldNames() noexcept override { return &none_; }
  const char* getPluginName() const noexcept override { return "Three"; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  const char* getPluginNamespace() const noexcept override { return "library"; }

 private:
  PluginFieldCollection none_;
};

template <class Plugin>
class CreatorTwo final : public IPluginCreator {
 public:
  explicit CreatorTwo(const char* name) : name_(name) {}
  const char* getPluginName() const noexcept override { return name_; }
  const char* getPluginVersion() const noexcept override { return "1"; }
  const PluginFieldCollection* getFieldNames() noexcept override { return &none_; }
  IPluginV2* createPlugin(const char*, const PluginFieldCollection* fields) noexcept override {
    return new Plugin(name_, State(fields));
  }
  IPluginV2* deserializePlugin(const char* name, const void* data, size_t size) noexcept override {
    note(std::string("deserializePlugin ") + name);
    const State state(data, size);
    return state.code("deserializePlugin") ? nullptr : new Plugin(name_, state);
  }
  void setPluginNamespace(const char*) noexcept override {}
  const char* getPluginNamespace() const noexcept override { return "library"; }

 private:
  const char* name_;
  PluginFieldCollection none_;
};

}  // namespace

extern "C" {

#ifdef OLDER_LIBRARY
IPluginCreator* const* getPluginCreators(int32_t& count) {
  static CreatorTwo<TwoDynamic> creator("TwoOlder");
  static IPluginCreator* const list[] = {&creator};
  count = 1;
  return list;
}
#else
void setLoggerFinder(ILoggerFinder* given) { finder = given; }

IPluginCreatorInterface* const* getCreators(int32_t& count) {
  static CreatorThree three;
  static CreatorTwo<TwoDynamic> dynamic("TwoDynamic");
  static CreatorTwo<TwoIO> io("TwoIO");
  static CreatorTwo<TwoExt> ext("TwoExt");
  static IPluginCreatorInterface* const list[] = {&three, &dynamic, &io, &ext};
  count = 4;
  return list;
}
#endif

// The calls since the last time, one a line.
const char* take_log() {
  static std::string taken;
  taken.swap(the_log);
  the_log.clear();
  return taken.c_str();
}
int live_objects() { return alive; }
bool has_logger() { return finder && finder->findLogger(); }
}
