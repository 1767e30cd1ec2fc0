#pragma once
struct uv_handle_t {
  void* data;
};
struct uv_async_t : uv_handle_t {};
struct uv_loop_t {};
constexpr int UV_EINVAL = -22;
inline const char* uv_strerror(int) { return ""; }
inline void uv_unref(uv_handle_t*) {}
inline void uv_close(uv_handle_t*, void (*)(uv_handle_t*)) {}
