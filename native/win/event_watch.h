#pragma once

#include <napi.h>
#include <uv.h>

#include <functional>
#include <memory>

#include "../loop_handle.h"
#include "unique_handle.h"

namespace evenkeel {

// Calls a function on an environment's loop each time an event is set. libuv does not wait for
// events; a thread of the system's does, and wakes the loop.
class EventWatch {
 public:
  // The event is the caller's, and outlives this. Does not keep the loop alive. Throws Napi::Error
  // or SystemFailure.
  EventWatch(Napi::Env env, HANDLE event, std::function<void()> on_set);
  ~EventWatch() { Close(); }
  EventWatch(const EventWatch&) = delete;
  EventWatch& operator=(const EventWatch&) = delete;

  // Calls it in the loop's next turn, as if the event had been set.
  void CallSoon();
  void Close();

 private:
  static void OnCleanup(void* watch);
  void Unregister();

  napi_env env_;
  std::function<void()> on_set_;
  std::unique_ptr<LoopHandle<uv_async_t>> async_;
  HANDLE wait_ = nullptr;
};

}  // namespace evenkeel
