#pragma once
#include <string>

using napi_env = void*;
struct uv_loop_t;
using napi_async_cleanup_hook_handle = void*;
constexpr int napi_ok = 0;
inline int napi_get_uv_event_loop(napi_env, uv_loop_t**) { return 1; }
inline int napi_add_async_cleanup_hook(napi_env, void (*)(napi_async_cleanup_hook_handle, void*),
                                       void*, napi_async_cleanup_hook_handle*) {
  return 0;
}
inline int napi_remove_async_cleanup_hook(napi_async_cleanup_hook_handle) { return 0; }

namespace Napi {
struct Env {
  operator napi_env() const { return nullptr; }
};
struct Error {
  static Error New(Env, const std::string&) { return {}; }
};
struct Value {
  bool IsString() const { return false; }
  Value ToString() const { return {}; }
  std::string Utf8Value() const { return {}; }
};
struct String : Value {
  static String New(Env, const std::string&) { return {}; }
};
}  // namespace Napi
