#include "loop_stamp.h"

namespace evenkeel {
namespace {

// uv_hrtime() is CLOCK_MONOTONIC in ns, on Linux the clock of bpf_ktime_get_ns() too.
void Stamp(Slot* slot) { slot->stamp.store(uv_hrtime(), std::memory_order_relaxed); }

// Nothing left to do but wait. Work that begins stores idle = 0 itself (worker/busy-mark.ts):
// uv_check would come after the I/O callbacks.
void OnSleep(uv_prepare_t* handle) {
  Slot* slot = static_cast<Slot*>(handle->data);
  Stamp(slot);
  slot->answered.store(slot->called.load(std::memory_order_relaxed), std::memory_order_relaxed);
  slot->idle.store(1, std::memory_order_relaxed);
}

}  // namespace

// new LoopStamp(table, slot): begins at once, and does not keep the loop alive.
LoopStamp::LoopStamp(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoopStamp>(info) {
  Napi::Env env = info.Env();
  table_ = LoadTable::From(info[0])->mapping();
  const uint32_t index = info[1].ToNumber().Uint32Value();
  if (index >= table_->slots()) throw Napi::RangeError::New(env, "LoopStamp: no such slot");
  Slot* slot = table_->slot(index);
  prepare_ = std::make_unique<LoopHandle<uv_prepare_t>>(env, slot, uv_prepare_init);
  check_ = std::make_unique<LoopHandle<uv_check_t>>(env, slot, uv_check_init);
  // Starting fails only for a null callback.
  uv_prepare_start(prepare_->get(), OnSleep);
  uv_check_start(check_->get(),
                 [](uv_check_t* handle) { Stamp(static_cast<Slot*>(handle->data)); });
  prepare_->Unref();
  check_->Unref();
  Stamp(slot);
  Ref();  // goes on without a reference in JavaScript, until stop()
}

void LoopStamp::Stop(const Napi::CallbackInfo&) {
  if (prepare_->get() == nullptr) return;
  Unref();
  prepare_->Close();
  check_->Close();
}

void LoopStamp::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("LoopStamp",
              DefineClass(env, "LoopStamp", {InstanceMethod("stop", &LoopStamp::Stop)}));
}

}  // namespace evenkeel
