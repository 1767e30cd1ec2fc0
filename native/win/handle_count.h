#pragma once

#include <napi.h>

namespace evenkeel {

// handleCount(): open handles of this process, for tests of leaks.
Napi::Value HandleCount(const Napi::CallbackInfo& info);

}  // namespace evenkeel
