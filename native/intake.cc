#include "intake.h"

#include "callback.h"
#include "fd_room.h"
#include "pick.h"
#include "thread_time.h"

namespace evenkeel {
namespace {

constexpr uint64_t kExhaustedMs = 50;  // no descriptor left: nothing announces the end of that

}  // namespace

// new Intake(table, slot, lane, fds, onConnections, onError): takes what the lane shared. `fds`, an
// Int32Array of 16, has the `count` descriptors of each onConnections(lease, hops, count, lost),
// which owns them.
Intake::Intake(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Intake>(info), context_(info.Env(), "evenkeel.Intake") {
  Napi::Env env = info.Env();
  Token lane = TakeToken(info[2]);
  table_ = LoadTable::From(info[0])->mapping();
  const uint32_t slot = info[1].ToNumber().Uint32Value();
  if (slot >= table_->slots()) throw Napi::RangeError::New(env, "Intake: no such slot");
  slot_ = table_->slot(slot);
  if (!info[3].IsTypedArray() ||
      info[3].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array ||
      info[3].As<Napi::Int32Array>().ElementLength() < kMaxBurst) {
    throw Napi::TypeError::New(env, "Intake: an Int32Array of 16 expected");
  }
  if (!info[4].IsFunction() || !info[5].IsFunction()) {
    throw Napi::TypeError::New(env, "Intake: onConnections and onError expected");
  }
  array_ = Napi::Persistent(info[3].As<Napi::Int32Array>());
  fds_ = info[3].As<Napi::Int32Array>().Data();
  on_connections_ = Napi::Persistent(info[4].As<Napi::Function>());
  on_error_ = Napi::Persistent(info[5].As<Napi::Function>());
  lane_ = Guard(env, [&] {
    return std::make_unique<LaneOutlet>(env, std::move(lane), [this] { TakeBurst(); });
  });
  prepare_ = std::make_unique<LoopHandle<uv_prepare_t>>(env, this, uv_prepare_init);
  retry_ = std::make_unique<LoopHandle<uv_timer_t>>(env, this, uv_timer_init);
  slot_->depth.store(1, std::memory_order_relaxed);
  FdRoom::OfProcess();  // opens what it needs now: it is asked when there may be no descriptor left
  Ref();                // the handles point here: Stop() ends that
}

// Begins taking what comes; does not keep the loop alive.
void Intake::Start(const Napi::CallbackInfo&) {
  lane_->Start();
  retry_->Unref();
}

void Intake::Prepare() {
  if (prepare_->get() == nullptr) return;
  // Fails only for a null callback.
  uv_prepare_start(prepare_->get(),
                   [](uv_prepare_t* handle) { static_cast<Intake*>(handle->data)->OnSleep(); });
  prepare_->Unref();
}

void Intake::OnSleep() {
  if (keeps_pace_) {
    const uint32_t depth = pace_.OnTurn(uv_hrtime(), BusyTime(prepare_->get()->loop));
    slot_->depth.store(exhausted_ ? 0 : depth, std::memory_order_relaxed);
  }
  if (watches_room_ && !exhausted_ && !FdRoom::OfProcess().HasStill(2 * kMaxBurst)) RunOut();
}

// take(): one burst if there is one, as the loop would.
Napi::Value Intake::Take(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), TakeBurst());
}

// returned(): a connection was not kept, but sent back; the primary counts it so too.
void Intake::Returned(const Napi::CallbackInfo&) {
  slot_->taken.store(--taken_, std::memory_order_relaxed);
}

// watchRoom(): this worker accepts by itself, too. Where it has no descriptors left, others are to
// have the connections: looked for on each turn of the loop, before the next connection comes.
void Intake::WatchRoom(const Napi::CallbackInfo&) {
  watches_room_ = true;
  Prepare();
}

bool Intake::TakeBurst() {
  if (!lane_->IsOpen() || on_connections_.IsEmpty()) return false;
  if (!FdRoom::OfProcess().HasStill(2 * kMaxBurst)) {
    RunOut();
    return false;
  }
  Burst burst;
  try {
    switch (lane_->Receive(&burst)) {
      case ReceiveResult::kMessage:
        break;
      case ReceiveResult::kClosed:
        lane_->Pause();  // the primary is gone; a level-triggered poll would spin
        return false;
      default:  // taken back meanwhile
        return false;
    }
  } catch (const SystemFailure& failure) {
    lane_->Pause();
    Report(failure);
    return false;
  }
  // Only from the first connection on: elsewhere than with hand-off few or none come. And where
  // somebody scribbled that there is no room, which each turn then writes anew.
  const bool has_room = slot_->depth.load(std::memory_order_relaxed) != 0;
  if (!keeps_pace_ && (burst.count + burst.lost > 0 || !has_room)) {
    Prepare();
    keeps_pace_ = true;
  }
  slot_->idle.store(0, std::memory_order_relaxed);
  taken_ += burst.count + burst.lost;
  slot_->taken.store(taken_, std::memory_order_relaxed);
  if (burst.lost > 0) Report(SystemFailure{kNoDescriptors, "recvmsg"});
  if (burst.count + burst.lost == 0) return true;  // only to wake us
  IntoJavaScript(Env(), [&] {
    Napi::Env env = Env();
    const napi_value arguments[] = {
        Napi::Number::New(env, burst.lease), Napi::Number::New(env, burst.hops),
        Napi::Number::New(env, burst.count), Napi::Number::New(env, burst.lost)};
    // The callback's from here on.
    for (uint32_t i = 0; i < burst.count; i++) fds_[i] = burst.fds[i].release();
    on_connections_.MakeCallback(Value(), 4, arguments, context_);
  });
  return true;
}

// Nothing is lost: what is in the lane goes to others, who have descriptors.
void Intake::RunOut() {
  lane_->Pause();
  const bool first = !exhausted_;
  exhausted_ = true;
  slot_->depth.store(0, std::memory_order_relaxed);
  if (retry_->get() != nullptr) {
    uv_timer_start(
        retry_->get(),
        [](uv_timer_t* handle) {
          Intake* intake = static_cast<Intake*>(handle->data);
          if (!FdRoom::OfProcess().Has(2 * kMaxBurst)) return intake->RunOut();
          intake->exhausted_ = false;
          intake->slot_->depth.store(1, std::memory_order_relaxed);
          intake->lane_->Start();
        },
        kExhaustedMs, 0);
  }
  if (first) Report(SystemFailure{kNoDescriptors, "recvmsg"});
}

void Intake::Stop(const Napi::CallbackInfo&) {
  if (!lane_->IsOpen()) return;
  lane_->Close();
  prepare_->Close();
  retry_->Close();
  on_connections_.Reset();
  on_error_.Reset();
  Unref();
}

void Intake::Report(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Intake::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Intake", DefineClass(env, "Intake",
                                    {InstanceMethod("start", &Intake::Start),
                                     InstanceMethod("take", &Intake::Take),
                                     InstanceMethod("returned", &Intake::Returned),
                                     InstanceMethod("watchRoom", &Intake::WatchRoom),
                                     InstanceMethod("stop", &Intake::Stop)}));
}

}  // namespace evenkeel
