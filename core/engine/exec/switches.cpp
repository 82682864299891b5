// Switches: reading them.
#include "core/engine/exec/switches.h"

#include <cstdlib>
#include <string_view>

#include "core/util/error.h"

namespace torchtrt::engine {

bool is_switched_on(const char* variable) {
  const char* value = std::getenv(variable);
  const std::string_view text = value ? value : "";
  TORCHTRT_REQUIRE(kInvalidConfig, text.empty() || text == "0" || text == "1", variable, " is \"", text,
                   "\"; 0 or 1 expected");
  return text != "0";
}

}  // namespace torchtrt::engine
