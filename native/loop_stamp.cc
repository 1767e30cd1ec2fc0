#include "loop_stamp.h"

#include <utility>

#include "error.h"

namespace evenkeel {
namespace {

// uv_hrtime() is CLOCK_MONOTONIC in ns, on Linux the clock of bpf_ktime_get_ns() too.
void Stamp(Slot* slot) { slot->stamp.store(uv_hrtime(), std::memory_order_relaxed); }

}  // namespace

// new LoopStamp(table, slot, waker): takes what shareWaker() gave; anything else: there is nobody
// to wake. Begins at once, and does not keep the loop alive.
LoopStamp::LoopStamp(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoopStamp>(info) {
  Napi::Env env = info.Env();
  waker_ = Guard(env, [&] { return Bell(TakeToken(info[2])); });
  table_ = LoadTable::From(info[0])->mapping();
  const uint32_t index = info[1].ToNumber().Uint32Value();
  if (index >= table_->slots()) throw Napi::RangeError::New(env, "LoopStamp: no such slot");
  slot_ = table_->slot(index);
  told_ = slot_->depth.load(std::memory_order_relaxed) == 0;
  prepare_ = std::make_unique<LoopHandle<uv_prepare_t>>(env, this, uv_prepare_init);
  check_ = std::make_unique<LoopHandle<uv_check_t>>(env, slot_, uv_check_init);
  // Starting fails only for a null callback.
  uv_prepare_start(prepare_->get(),
                   [](uv_prepare_t* handle) { static_cast<LoopStamp*>(handle->data)->OnSleep(); });
  uv_check_start(check_->get(),
                 [](uv_check_t* handle) { Stamp(static_cast<Slot*>(handle->data)); });
  prepare_->Unref();
  check_->Unref();
  Stamp(slot_);
  Ref();  // goes on without a reference in JavaScript, until stop()
}

// Nothing left to do but wait. Work that begins stores idle = 0 itself (worker/busy-mark.ts):
// uv_check would come after the I/O callbacks.
void LoopStamp::OnSleep() {
  Stamp(slot_);
  slot_->answered.store(slot_->called.load(std::memory_order_relaxed), std::memory_order_relaxed);
  // Against the primary's "I wait" and its look at `idle` after that: one of the two sees the
  // other.
  slot_->idle.store(1, std::memory_order_seq_cst);
  // No descriptor left for a connection: told at once, since one may come.
  const bool is_starved = slot_->depth.load(std::memory_order_relaxed) == 0;
  const bool told = std::exchange(told_, is_starved);
  const bool waits = table_->header()->waiting.load(std::memory_order_seq_cst) != 0;
  if (waker_.valid() && (waits || (is_starved && !told))) waker_.Ring();
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
