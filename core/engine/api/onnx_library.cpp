// libnvonnxparser: a parser and a parser refitter that fail with one clear error; there is no ONNX front end yet.
#include <NvOnnxParser.h>

#include <memory>
#include <string>

#define TORCHTRT_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

namespace onnx = nvonnxparser;
namespace nv = nvinfer1;

constexpr const char* kMessage =
    "ONNX models are not supported by the embedded engine yet; compile the torch model with torch_tensorrt instead";

class ParserError final : public onnx::IParserError {
 public:
  virtual ~ParserError() = default;
  onnx::ErrorCode code() const override { return onnx::ErrorCode::kUNSUPPORTED_GRAPH; }
  const char* desc() const override { return kMessage; }
  const char* file() const override { return ""; }
  int line() const override { return 0; }
  const char* func() const override { return "parse"; }
  int node() const override { return -1; }
  const char* nodeName() const override { return ""; }
  const char* nodeOperator() const override { return ""; }
  const char* const* localFunctionStack() const override { return nullptr; }
  int32_t localFunctionStackSize() const override { return 0; }
};

// Logs, keeps one error, answers false.
class Failure {
 public:
  explicit Failure(nv::ILogger* logger) : logger_(logger) {}
  bool fail() noexcept {
    if (logger_) logger_->log(nv::ILogger::Severity::kERROR, kMessage);
    failed_ = true;
    return false;
  }
  int count() const { return failed_ ? 1 : 0; }
  const onnx::IParserError* error(int index) const { return failed_ && index == 0 ? &error_ : nullptr; }
  void clear() { failed_ = false; }

 private:
  nv::ILogger* logger_;
  ParserError error_;
  bool failed_ = false;
};

// Never touches the network: it may be gone when the parser is deleted.
class Parser final : public onnx::IParser {
 public:
  explicit Parser(nv::ILogger* logger) : failure_(logger) {}
  bool parse(const void*, size_t, const char*) noexcept override { return failure_.fail(); }
  bool parseFromFile(const char*, int) noexcept override { return failure_.fail(); }
#if TORCHTRT_TENSORRT_MAJOR == 10
  bool supportsModel(const void*, size_t, SubGraphCollection_t& graphs, const char*) noexcept override {
    graphs.clear();
    return failure_.fail();
  }
  bool parseWithWeightDescriptors(const void*, size_t) noexcept override { return failure_.fail(); }
#else
  void setRefitObserver(onnx::IRefitterObserver*) noexcept override {}  // no weight is ever parsed
#endif
  bool supportsOperator(const char*) const noexcept override { return false; }
  int getNbErrors() const noexcept override { return failure_.count(); }
  const onnx::IParserError* getError(int index) const noexcept override { return failure_.error(index); }
  void clearErrors() noexcept override { failure_.clear(); }
  const char* const* getUsedVCPluginLibraries(int64_t& count) const noexcept override {
    count = 0;
    return nullptr;
  }
  void setFlags(onnx::OnnxParserFlags flags) noexcept override { flags_ = flags; }
  onnx::OnnxParserFlags getFlags() const noexcept override { return flags_; }
  void clearFlag(onnx::OnnxParserFlag flag) noexcept override { flags_ &= ~bit(flag); }
  void setFlag(onnx::OnnxParserFlag flag) noexcept override { flags_ |= bit(flag); }
  bool getFlag(onnx::OnnxParserFlag flag) const noexcept override { return (flags_ & bit(flag)) != 0; }
  const nv::ITensor* getLayerOutputTensor(const char*, int64_t) noexcept override { return nullptr; }
  bool supportsModelV2(const void*, size_t, const char*) noexcept override { return failure_.fail(); }
  int64_t getNbSubgraphs() noexcept override { return 0; }
  bool isSubgraphSupported(int64_t) noexcept override { return false; }
  int64_t* getSubgraphNodes(int64_t, int64_t& length) noexcept override {
    length = 0;
    return nullptr;
  }
  bool loadModelProto(const void*, size_t, const char*) noexcept override { return failure_.fail(); }
  bool loadInitializer(const char*, const void*, size_t) noexcept override { return failure_.fail(); }
  bool parseModelProto() noexcept override { return failure_.fail(); }
  bool setBuilderConfig(const nv::IBuilderConfig*) noexcept override { return true; }

 private:
  static uint32_t bit(onnx::OnnxParserFlag flag) { return 1u << static_cast<uint32_t>(flag); }
  Failure failure_;
  onnx::OnnxParserFlags flags_ = 1u << static_cast<uint32_t>(onnx::OnnxParserFlag::kNATIVE_INSTANCENORM);
};

class ParserRefitter final : public onnx::IParserRefitter {
 public:
  explicit ParserRefitter(nv::ILogger* logger) : failure_(logger) {}
  bool refitFromBytes(const void*, size_t, const char*) noexcept override { return failure_.fail(); }
  bool refitFromFile(const char*) noexcept override { return failure_.fail(); }
  int32_t getNbErrors() const noexcept override { return failure_.count(); }
  const onnx::IParserError* getError(int32_t index) const noexcept override { return failure_.error(index); }
  void clearErrors() override { failure_.clear(); }
  bool loadModelProto(const void*, size_t, const char*) noexcept override { return failure_.fail(); }
  bool loadInitializer(const char*, const void*, size_t) noexcept override { return failure_.fail(); }
  bool refitModelProto() noexcept override { return failure_.fail(); }
#if TORCHTRT_TENSORRT_MAJOR > 10
  void setRefitObserver(onnx::IRefitterObserver*) noexcept override {}
#endif

 private:
  Failure failure_;
};

}  // namespace

TORCHTRT_EXPORT void* createNvOnnxParser_INTERNAL(void*, void* logger, int) noexcept {
  onnx::IParser* parser = new (std::nothrow) Parser(static_cast<nv::ILogger*>(logger));
  return parser;
}

TORCHTRT_EXPORT void* createNvOnnxParserRefitter_INTERNAL(void*, void* logger, int32_t) noexcept {
  onnx::IParserRefitter* refitter = new (std::nothrow) ParserRefitter(static_cast<nv::ILogger*>(logger));
  return refitter;
}

TORCHTRT_EXPORT int getNvOnnxParserVersion() noexcept { return NV_ONNX_PARSER_VERSION; }
