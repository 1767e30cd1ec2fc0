#include "loop_stamp.h"

namespace evenkeel {
namespace {

// uv_hrtime() is CLOCK_MONOTONIC in ns, on Linux the clock of bpf_ktime_get_ns() too.
void Stamp(void* slot) {
  static_cast<Slot*>(slot)->stamp.store(uv_hrtime(), std::memory_order_relaxed);
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
  uv_prepare_start(prepare_->get(), [](uv_prepare_t* handle) { Stamp(handle->data); });
  uv_check_start(check_->get(), [](uv_check_t* handle) { Stamp(handle->data); });
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
