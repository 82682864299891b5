// Plugins as layers: what the engine asks of one, without naming the interface that plugins are written for.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "core/engine/layers/dim_rule.h"
#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// What a plugin is told of a tensor. Ranges are those of an optimization profile; at run time there are none.
struct PluginTensor {
  DType dtype = DType::kFloat32;
  Shape shape;
  Shape min = Shape::invalid(), opt = Shape::invalid(), max = Shape::invalid();
  bool operator==(const PluginTensor& other) const = default;
};
using PluginTensors = std::vector<PluginTensor>;

// Memory of one run: device addresses, and the stream (null on the CPU).
struct PluginMemory {
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  void* workspace = nullptr;
  void* stream = nullptr;
};

// A plugin as one execution context runs it.
class PluginRun {
 public:
  virtual ~PluginRun() = default;
  // Shapes, or what the user set, have changed; so it is told before the first run. Answers the workspace that the next
  // runs need. Data-dependent lengths are kUnknown.
  virtual int64_t prepare(const PluginTensors& inputs, const PluginTensors& outputs) = 0;
  virtual void enqueue(const PluginMemory& memory) = 0;
};

class PluginObject;

// What the build settled with a plugin.
struct PluginChoice {
  std::shared_ptr<PluginObject> object;  // configured
  Types types;                           // inputs, then outputs, as the plugin takes them
  int64_t tactic = 0;
  int64_t workspace = 0;         // enough for every profile
  std::vector<int64_t> aliases;  // by output: the input it is, or -1
  std::string data;              // what it is made from again
};

struct PluginBuild {
  std::vector<PluginTensors> profiles;  // by profile: inputs, then outputs
  size_t inputs = 0;                    // how many of them are inputs
  bool asks_aliases = false;
  bool weak = false;  // real types are the plugin's choice
};

// A plugin object. What it throws does not name the layer.
class PluginObject {
 public:
  virtual ~PluginObject() = default;
  virtual int output_count() const = 0;
  virtual Types output_types(const Types& in, const std::vector<int>& ranks) const = 0;
  // The first `tensors` inputs are known by their lengths, those behind by their values.
  virtual DimRule shape_rule(const ShapeArgs& in, int tensors) const = 0;
  // Whether it tells the lengths that its rule leaves open once those of the inputs are known.
  virtual bool answers_known_shapes() const { return false; }
  virtual PluginChoice configure(const PluginBuild& build) const = 0;
  // For the context whose ContextState has this owner.
  virtual std::unique_ptr<PluginRun> attach(void* owner) const = 0;
};

// Numbers in plans.
enum class PluginGeneration : int8_t { kV2Ext, kV2IOExt, kV2DynamicExt, kV3, kV3Quick, kV3Aot };

// The attributes of both kinds.
struct PluginLayer {
  std::string plugin_name, version, name_space;
  PluginGeneration generation = PluginGeneration::kV3;
  int64_t tensors = 0;  // inputs that are not shape inputs
  // ---- empty until the build
  std::vector<int64_t> graph_types;   // inputs, then outputs
  std::vector<int64_t> plugin_types;  // the same as the plugin takes them
  std::vector<int64_t> rule;          // DimRule::encoded
  std::vector<int64_t> aliases;       // by output: the input whose memory it is, or -1
  std::vector<int64_t> in_place;      // inputs of the network that are written
  int64_t tactic = 0;
  int64_t workspace = 0;
  std::string data;
  TORCHTRT_FIELDS(plugin_name, version, name_space, generation, tensors, graph_types, plugin_types, rule, aliases,
                  in_place, tactic, workspace, data)

  // Ranks of the inputs; some plugins ask for them together with the types. Not kept in plans.
  std::vector<int> ranks;
  // The plugin. Copies of the layer share it.
  struct Slot {
    std::shared_ptr<PluginObject> object;  // null in a plan that was read, until the plugin is made
    std::mutex mutex;
    // Answers of the plugin, by what it was asked.
    std::vector<std::pair<Types, Types>> types;
    struct Answer {
      Shapes shapes;
      std::vector<std::optional<HostValue>> values;
      DimRule rule;
    };
    std::vector<Answer> answers;
  };
  std::shared_ptr<Slot> slot = std::make_shared<Slot>();

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  Shapes max_shapes(const ShapeArgs& in) const;
  uint32_t host_inputs() const;
  bool has_effect() const { return false; }

  bool is_built() const { return !graph_types.empty(); }
  // "plugin Name, version 1, namespace "x""
  std::string title() const;
  DimRule shape_rule(const ShapeArgs& in) const;
  Shapes shapes_with(const ShapeArgs& in, const DimRule::SizeOf& size_of) const;
};

struct PluginV2 : PluginLayer {
  static constexpr const char* kKind = "PluginV2";
};
struct PluginV3 : PluginLayer {
  static constexpr const char* kKind = "PluginV3";
};

// Null where the layer is no plugin.
const PluginLayer* as_plugin(const Layer& layer);
PluginLayer* as_plugin(Layer& layer);

// Attaches the plugin to the current ContextState, which its first run would do otherwise.
void attach_plugin(const PluginLayer& op);

}  // namespace torchtrt::engine
