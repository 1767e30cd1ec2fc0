#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "bell.h"
#include "load_table.h"
#include "loop_handle.h"

namespace evenkeel {

// Writes CLOCK_MONOTONIC into a slot each time this thread's loop goes to sleep and wakes up. A
// stamp that stands still while connections wait means a blocked loop (an idle one looks the same,
// so the reader asks for both). No timer: an idle process stays idle. Where connections wait in the
// primary for a worker to have time, it also says that this one has.
class LoopStamp : public Napi::ObjectWrap<LoopStamp> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit LoopStamp(const Napi::CallbackInfo& info);

 private:
  void Stop(const Napi::CallbackInfo& info);

  void OnSleep();

  std::shared_ptr<LoadTableMapping> table_;
  Slot* slot_;
  Bell waker_;
  bool told_ = false;  // that there is no descriptor left
  std::unique_ptr<LoopHandle<uv_prepare_t>> prepare_;
  std::unique_ptr<LoopHandle<uv_check_t>> check_;
};

}  // namespace evenkeel
