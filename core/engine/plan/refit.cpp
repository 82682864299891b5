// Refit: which weights may be exchanged, and a plan made again with others.
#include "core/engine/plan/refit.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <set>

#include "core/engine/graph/compact.h"
#include "core/engine/graph/known_weights.h"
#include "core/engine/passes/passes.h"
#include "core/engine/plan/assemble.h"
#include "core/engine/plan/body.h"
#include "core/engine/plan/placement.h"
#include "core/engine/plan/quantization_rules.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kMostNames = 8;  // in one message

void visit_level(const Graph& graph, size_t& ordinal, const WeightsVisitor& visit) {
  for (const Node& node : graph.nodes()) {
    if (!node.layer) continue;
    for (const Field& field : node.layer->fields()) {
      if (const auto* weights = std::get_if<Weights>(&field.value); weights && !weights->empty())
        visit(ordinal++, node, field.name, *weights);
      if (const auto* body = std::get_if<GraphRef>(&field.value); body && *body) visit_level(**body, ordinal, visit);
    }
  }
}

using NewWeights = std::map<size_t, Weights>;  // by ordinal

// In the order of visit_weights. Whether something changed.
bool exchange(Graph& graph, size_t& ordinal, const NewWeights& fresh) {
  bool changed = false;
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    Layer* layer = graph.mutable_node(id).layer.get();
    if (!layer) continue;
    bool touched = false;
    for (const Field& field : layer->fields()) {
      if (const auto* weights = std::get_if<Weights>(&field.value); weights && !weights->empty()) {
        const auto found = fresh.find(ordinal++);
        if (found == fresh.end()) continue;
        Weights exchanged = *weights;
        exchanged.data = found->second.data;
        exchanged.owner = found->second.owner;
        touched = layer->set_field(field.name, exchanged);
      } else if (const auto* body = std::get_if<GraphRef>(&field.value); body && *body) {
        Graph inside = (*body)->clone();
        if (!exchange(inside, ordinal, fresh)) continue;
        auto exchanged = std::make_shared<Graph>(std::move(inside));
        exchanged->first_shape_error();  // brings it up to date: threads share it from now on
        touched = layer->set_field(field.name, GraphRef(std::move(exchanged)));
      }
    }
    if (touched) graph.touch(id);
    changed = changed || touched;
  }
  return changed;
}

// Ordinals of weights whose values shapes depend on.
void add_host_weights(const Graph& graph, size_t& ordinal, std::set<size_t>& result) {
  const Needs needs = find_needs(graph, live_nodes(graph));
  for (const Node& node : graph.nodes()) {
    if (!node.layer) continue;
    const bool on_host =
        std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) { return needs.host[id] != 0; });
    for (const Field& field : node.layer->fields()) {
      if (const auto* weights = std::get_if<Weights>(&field.value); weights && !weights->empty()) {
        if (on_host) result.insert(ordinal);
        ++ordinal;
      }
      if (const auto* body = std::get_if<GraphRef>(&field.value); body && *body)
        add_host_weights(**body, ordinal, result);
    }
  }
}

// The plan with `graph` in place of its network; `weights` say which are absent.
std::shared_ptr<const Plan> remake(const Plan& plan, Graph graph, std::vector<RefittableWeights> weights,
                                   bool stripped) {
  auto result = std::make_shared<Plan>();
  static_cast<PlanAbout&>(*result) = plan;
  auto source = std::make_shared<RefitSource>();
  source->graph = std::move(graph);
  source->host_inputs = plan.source->host_inputs;
  source->optimization_level = plan.source->optimization_level;
  source->weights = std::move(weights);
  source->stripped = stripped;
  result->source = source;
  assemble_source(*result);
  return result;
}

}  // namespace

bool RefitSource::lacks_weights() const {
  return std::any_of(weights.begin(), weights.end(), [](const RefittableWeights& w) { return w.absent; });
}

void visit_weights(const Graph& graph, const WeightsVisitor& visit) {
  size_t ordinal = 0;
  visit_level(graph, ordinal, visit);
}

std::vector<RefittableWeights> refittable_weights(const Graph& graph, const std::set<std::string>* individual) {
  std::set<size_t> on_host;
  size_t ordinal = 0;
  add_host_weights(graph, ordinal, on_host);
  std::vector<RefittableWeights> result;
  visit_weights(graph, [&](size_t number, const Node& node, std::string_view role, const Weights& weights) {
    const bool has_role = std::find(kWeightsRoles.begin(), kWeightsRoles.end(), role) != kWeightsRoles.end();
    if (!has_role || on_host.contains(number)) return;
    if (individual && !individual->contains(weights.name)) return;
    result.push_back({number, node.name, std::string(role), weights.name, weights.dtype, weights.count, false});
  });
  return result;
}

std::vector<Weights> present_weights(const RefitSource& source) {
  std::map<size_t, Weights> by_ordinal;
  visit_weights(source.graph, [&](size_t ordinal, const Node&, std::string_view, const Weights& weights) {
    by_ordinal[ordinal] = weights;
  });
  std::vector<Weights> result;
  for (const RefittableWeights& w : source.weights) result.push_back(by_ordinal[w.ordinal]);
  return result;
}

std::shared_ptr<const void> zeros(int64_t bytes) {
  void* memory = std::calloc(static_cast<size_t>(std::max<int64_t>(bytes, 1)), 1);
  if (memory == nullptr) throw std::bad_alloc();
  return std::shared_ptr<const void>(memory, [](const void* m) { std::free(const_cast<void*>(m)); });
}

void assemble_source(Plan& plan) {
  const RefitSource& source = *plan.source;
  const int level = source.lacks_weights() ? -1 : source.optimization_level;  // no passes, Note [Absent weights]
  assemble(
      plan, source.graph.clone(), source.host_inputs, level, [](Severity, const std::string&) {}, [] {});
}

std::shared_ptr<const Plan> strip(const Plan& plan) {
  TORCHTRT_REQUIRE(kInvalidState, plan.source, "engine \"", plan.name,
                   "\" is not refittable, so it cannot be without weights; build it with builder flag kREFIT");
  std::vector<RefittableWeights> weights = plan.source->weights;
  NewWeights fresh;
  for (RefittableWeights& w : weights) {
    w.absent = true;
    fresh[w.ordinal] = {};
  }
  visit_weights(plan.source->graph, [&](size_t ordinal, const Node&, std::string_view, const Weights& given) {
    const auto found = fresh.find(ordinal);
    if (found == fresh.end()) return;
    found->second.owner = zeros(given.bytes());
    found->second.data = found->second.owner.get();
  });
  Graph graph = plan.source->graph.clone();
  size_t ordinal = 0;
  exchange(graph, ordinal, fresh);
  return remake(plan, std::move(graph), std::move(weights), true);
}

int64_t stripped_bytes(const RefitSource& source) {
  int64_t bytes = 0;
  for (const RefittableWeights& w : source.weights) bytes += bytes_of(w.dtype, w.count);
  return bytes;
}

std::string absent_names(const RefitSource& source) {
  std::vector<std::string> names;
  for (const RefittableWeights& w : source.weights)
    if (w.absent) names.push_back(w.name.empty() ? join('"', w.layer, "\" ", w.role) : join('"', w.name, '"'));
  const size_t count = names.size();
  names.resize(std::min(count, kMostNames));
  return join(list_of(names), count > kMostNames ? join(" and ", count - kMostNames, " more") : "");
}

std::shared_ptr<const Plan> refit(const Plan& plan, const std::map<size_t, Weights>& fresh) {
  TORCHTRT_REQUIRE(kInvalidState, plan.source, "engine \"", plan.name, "\" is not refittable");
  const RefitSource& source = *plan.source;
  std::vector<RefittableWeights> weights = source.weights;
  NewWeights by_ordinal;
  for (const auto& [i, given] : fresh) {
    RefittableWeights& w = weights.at(i);
    TORCHTRT_REQUIRE(kInternal, given.dtype == w.dtype && given.count == w.count && given.owner, "weights of layer \"",
                     w.layer, "\" of another type or count");
    w.absent = false;
    by_ordinal[w.ordinal] = given;
  }
  visit_weights(source.graph, [&](size_t ordinal, const Node&, std::string_view, const Weights& kept) {
    const auto found = by_ordinal.find(ordinal);
    if (found != by_ordinal.end() && found->second.dtype != kept.dtype) found->second = to_float32(found->second);
  });
  Graph graph = source.graph.clone();
  size_t ordinal = 0;
  exchange(graph, ordinal, by_ordinal);
  check_quantization(graph, live_nodes(graph));  // bodies have no constants that could have changed
  const KnownWeights known(plan.graph);
  const KnownWeights::Scope sharing(known);
  const bool complete = std::none_of(weights.begin(), weights.end(), [](const auto& w) { return w.absent; });
  TORCHTRT_REQUIRE(kInvalidState, complete, "weights are missing");
  return remake(plan, std::move(graph), std::move(weights), source.stripped);
}

}  // namespace torchtrt::engine
