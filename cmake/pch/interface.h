// Precompiled for the engine's shells.
#pragma once

#include <NvInfer.h>

#include "core/engine/api/network.h"
#include "core/engine/api/report.h"
#include "core/engine/api/twins.h"
