// Switches: environment variables that turn parts of the engine off.
#pragma once

namespace torchtrt::engine {

// False for "0"; true for "1", or if it is not set. Throws for anything else.
bool is_switched_on(const char* variable);

}  // namespace torchtrt::engine
