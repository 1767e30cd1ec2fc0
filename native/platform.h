#pragma once

#include <napi.h>

namespace evenkeel {

// Exports what only this platform has. Throws Napi::Error.
void InitPlatform(Napi::Env env, Napi::Object exports);

}  // namespace evenkeel
