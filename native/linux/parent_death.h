#pragma once

#include <napi.h>

namespace evenkeel {

// Adds endWithParent(). A worker whose loop is blocked does not notice that its primary is gone.
void InitParentDeath(Napi::Env env, Napi::Object exports);

}  // namespace evenkeel
