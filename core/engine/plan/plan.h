// Plan: the immutable result of a build: graph after passes, placement, profiles, I/O. Owns all its weights.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/engine/graph/graph.h"
#include "core/engine/shape/format.h"

namespace torchtrt::engine {

enum class Severity { kInternalError, kError, kWarning, kInfo, kVerbose };  // ILogger's, in order
using Log = std::function<void(Severity, const std::string&)>;

// What one optimization profile says of one input: of its shape, and of its values if it is a shape tensor.
struct InputRange {
  std::string input;
  std::optional<Shape> min, opt, max;
  std::optional<std::vector<int64_t>> min_values, opt_values, max_values;
};

struct Profile {
  std::vector<InputRange> inputs;
  const InputRange* find(std::string_view input) const;
};

enum class Verbosity { kLayerNamesOnly, kNone, kDetailed };  // ProfilingVerbosity's values

struct BuildOptions {
  std::vector<Profile> profiles;  // empty: one default profile, only for static networks
  Verbosity verbosity = Verbosity::kLayerNamesOnly;
  int optimization_level = 3;  // 0: no fusions
  uint64_t flags = 0;          // BuilderFlag mask as given; kept in the plan
  bool refittable = false;     // the plan keeps the network, so that weights can be exchanged
  std::optional<std::set<std::string>> refittable_names;  // only weights of these names; absent: all
  bool strip = false;                                     // leave refittable weights out
  bool weight_streaming = false;
  bool version_compatible = false;  // libraries of other versions may read the plan
  bool debug = false;               // log each layer
  bool unfused_debug = false;       // every tensor that is left may be reported to a debug listener
  bool aliased_plugins = false;     // outputs of plugins may be their inputs, written in place
  int compatibility = 0;            // HardwareCompatibilityLevel as given; kept in the plan
  std::function<bool(const std::string& phase, int step, int steps)> progress;  // false cancels
  Log log = [](Severity, const std::string&) {};
};

enum class Placement : int8_t { kDevice, kHost, kBoth };  // where a value exists at run time

// I/O tensor of the engine: inputs in order of addition, then outputs in order of marking.
struct Binding {
  std::string name;
  ValueId value = kNoId;
  bool is_input = false;
  bool on_host = false;  // shape-tensor input or shape output: host address
  bool shape_inference = false;
  DType dtype = DType::kFloat32;
  Shape shape;  // kUnknown for run-time lengths
  Format format = Format::kLinear;

  int64_t bytes(const Shape& lengths) const { return format_bytes(format, dtype, lengths); }
};

// What an engine says of itself.
struct PlanAbout {
  std::string name;
  std::vector<Binding> bindings;
  std::vector<Profile> profiles;  // at least one; every input has min/opt/max shapes, static ones too
  Verbosity verbosity = Verbosity::kLayerNamesOnly;
  uint64_t flags = 0;
  bool refittable = false;
  bool unfused_debug = false;
  int compatibility = 0;
  bool weight_streaming = false;
  bool version_compatible = false;
};

struct RefitSource;

struct Plan : PlanAbout {
  Graph graph;
  std::vector<NodeId> order;                  // schedule: only live nodes
  std::vector<Placement> placement;           // by ValueId
  std::shared_ptr<const RefitSource> source;  // of a refittable plan; null: its weights are what they are

  const Binding* find(std::string_view name) const;
  int64_t weights_bytes() const;
};

// Fills order, placement and bindings from the graph; `host_inputs` take host addresses.
void schedule(Plan& plan, const std::vector<ValueId>& host_inputs);

// Validates, runs the passes, places values, owns weights. Throws Error (layer name, rule, what to do).
std::shared_ptr<const Plan> build(const Graph& network, const BuildOptions& options);

}  // namespace torchtrt::engine
