#include "gatekeeper.h"

#include <optional>
#include <vector>

#include "callback.h"
#include "error.h"
#include "gate.h"

namespace evenkeel {
namespace {

constexpr uint64_t kExhaustedMs = 50;  // EMFILE, ENOMEM: leave it to the others for so long
constexpr uint32_t kMaxGates = 32;     // bits of Slot::shares
constexpr int kMostAtTheEnd = 512;     // who connects meanwhile shall not keep it from ending

}  // namespace

// new Gatekeeper(table, slot, bell, onError): takes what the bell shared.
Gatekeeper::Gatekeeper(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Gatekeeper>(info), context_(info.Env(), "evenkeel.Gatekeeper") {
  Napi::Env env = info.Env();
  Token bell = TakeToken(info[2]);
  table_ = LoadTable::From(info[0])->mapping();
  index_ = info[1].ToNumber().Uint32Value();
  if (index_ >= table_->slots()) throw Napi::RangeError::New(env, "Gatekeeper: no such slot");
  if (!info[3].IsFunction()) throw Napi::TypeError::New(env, "Gatekeeper: onError expected");
  slot_ = table_->slot(index_);
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    throw ToError(env, SystemFailure{kInvalidArgument, "uv_poll_init"});
  }
  Guard(env, [&] { GatePoll::Probe(loop); });
  on_error_ = Napi::Persistent(info[3].As<Napi::Function>());
  prepare_ = std::make_unique<LoopHandle<uv_prepare_t>>(env, this, uv_prepare_init);
  check_ = std::make_unique<LoopHandle<uv_check_t>>(env, this, uv_check_init);
  retry_ = std::make_unique<LoopHandle<uv_timer_t>>(env, this, uv_timer_init);
  bell_ = Guard(env, [&] {
    return std::make_unique<BellWatch>(env, Bell(std::move(bell)), [this] { OnBell(); });
  });
  // Starting them fails only for a null callback.
  uv_prepare_start(prepare_->get(),
                   [](uv_prepare_t* handle) { static_cast<Gatekeeper*>(handle->data)->OnSleep(); });
  uv_check_start(check_->get(),
                 [](uv_check_t* handle) { static_cast<Gatekeeper*>(handle->data)->OnAwake(); });
  prepare_->Unref();
  check_->Unref();
  retry_->Unref();
  Ref();  // the hooks point here: Stop() ends that
}

// listen(socket, number, onConnection): takes the descriptor. `number`, 0 to 31, is the same in
// every worker. onConnection(fd) owns the fd it is given. The gate does not keep the loop alive:
// what stands for the server does.
void Gatekeeper::Listen(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto gate = std::make_unique<Gate>();
  gate->keeper = this;
  gate->socket.reset(info[0].ToNumber().Int32Value());
  const uint32_t number = info[1].ToNumber().Uint32Value();
  if (number >= kMaxGates || gates_.count(number) != 0) {
    throw Napi::RangeError::New(env, "Gatekeeper: number must be free, and 0 to 31");
  }
  if (!info[2].IsFunction()) throw Napi::TypeError::New(env, "Gatekeeper: onConnection expected");
  gate->share = 1u << number;
  gate->on_connection = Napi::Persistent(info[2].As<Napi::Function>());
  gate->poll =
      std::make_unique<GatePoll>(env, gate->socket.get(), [this, to = gate.get()](int status) {
        if (status < 0) return Report(SystemFailure{status, "uv_poll"});
        to->announced = true;
      });
  Publish(gate->share, true, true);
  gates_.emplace(number, std::move(gate));
}

void Gatekeeper::Publish(uint32_t share, bool sharing, bool open) {
  shares_ = sharing ? shares_ | share : shares_ & ~share;
  open_ = open ? open_ | share : open_ & ~share;
  slot_->shares.store(shares_, std::memory_order_relaxed);
  slot_->open.store(open_, std::memory_order_relaxed);
}

// Before the loop sleeps.
void Gatekeeper::OnSleep() {
  std::optional<SystemFailure> failed;
  for (auto& [number, gate] : gates_) {
    try {
      if (gate->poll->state() == GatePoll::State::kUnsettled) {
        if (!gate->poll->Settle()) {
          bell_->bell().Ring();  // one more turn
          continue;
        }
        Publish(gate->share, (shares_ & gate->share) != 0, false);
      }
      const bool undecided = gate->stale || gate->poll->state() == GatePoll::State::kClosed;
      if (undecided) SetOpen(gate.get(), Decide(gate.get()));
    } catch (const SystemFailure& failure) {
      // ENOMEM, ENOSPC: the next turn tries again; until then the watchdog sees to it.
      failed = failure;
    }
  }
  // What hears of it may close a gate.
  if (failed.has_value()) Report(*failed);
}

bool Gatekeeper::Decide(Gate* gate) {
  gate->stale = false;
  if (exhausted_ || gate->withdrawn) return false;
  // Before it is read again: somebody may have scribbled over it.
  slot_->virtual_time.store(virtual_time_, std::memory_order_relaxed);
  const GateDecision decision =
      DecideGate(table_->slot(0), table_->used(), index_, gate->share, uv_hrtime());
  virtual_time_ = decision.virtual_time;
  slot_->virtual_time.store(virtual_time_, std::memory_order_relaxed);
  return decision.open;
}

void Gatekeeper::SetOpen(Gate* gate, bool open) {
  gate->poll->SetOpen(open);
  Publish(gate->share, (shares_ & gate->share) != 0, open);
}

// After the turn's I/O callbacks.
void Gatekeeper::OnAwake() {
  std::vector<uint32_t> announced;  // what is called below may close any of them
  for (auto& [number, gate] : gates_) {
    if (gate->announced) announced.push_back(number);
  }
  for (uint32_t number : announced) {
    auto found = gates_.find(number);
    if (found != gates_.end()) AcceptOne(found->second.get());
  }
}

void Gatekeeper::AcceptOne(Gate* gate) {
  gate->announced = false;
  UniqueFd connection;
  try {
    connection = Accept(gate->socket.get());
  } catch (const SystemFailure& failure) {
    return RunOut(failure);
  }
  if (!connection.valid()) return;  // another worker was faster
  // One connection more counts at every gate.
  for (auto& [number, each] : gates_) each->stale = true;
  slot_->idle.store(0, std::memory_order_relaxed);
  slot_->virtual_time.store(++virtual_time_, std::memory_order_relaxed);
  Deliver(gate, std::move(connection));
}

void Gatekeeper::Deliver(Gate* gate, UniqueFd connection) {
  IntoJavaScript(Env(), [&] {
    Napi::Number fd = Napi::Number::New(Env(), connection.get());
    connection.release();  // the callback's from here on
    gate->on_connection.MakeCallback(Value(), {fd}, context_);
  });
}

// Whoever waits in the queue of a socket that is closed is reset.
void Gatekeeper::TakeTheLast(Gate* gate) {
  try {
    for (int i = 0; i < kMostAtTheEnd; i++) {
      UniqueFd connection = Accept(gate->socket.get());
      if (!connection.valid()) return;
      Deliver(gate, std::move(connection));
    }
  } catch (const SystemFailure& failure) {
    Report(failure);
  }
}

// No descriptor or no memory. Nothing is lost, the connection is still in the queue: the others get
// it, and the watchdog rings this worker only when there are none.
void Gatekeeper::RunOut(const SystemFailure& failure) {
  exhausted_ = true;
  for (auto& [number, gate] : gates_) {
    Publish(gate->share, false, (open_ & gate->share) != 0);
    if (gate->poll->state() == GatePoll::State::kOpen) {
      SetOpen(gate.get(), false);  // it cannot fail: there it is
    }
  }
  uv_timer_start(
      retry_->get(), [](uv_timer_t* handle) { static_cast<Gatekeeper*>(handle->data)->Recover(); },
      kExhaustedMs, 0);
  Report(failure);
}

void Gatekeeper::Recover() {
  exhausted_ = false;
  for (auto& [number, gate] : gates_) {
    Publish(gate->share, !gate->withdrawn, (open_ & gate->share) != 0);
  }
}

// Rung by the watchdog: a connection waits at one of the gates, and nobody asleep was told.
void Gatekeeper::OnBell() {
  if (exhausted_) return;
  for (auto& [number, gate] : gates_) {
    // A full server drops what it is given: only where all of them are full, or not heard of.
    if (!gate->withdrawn || !SomebodyShares(gate->share)) gate->announced = true;
  }
}

bool Gatekeeper::SomebodyShares(uint32_t share) const {
  const uint64_t now = uv_hrtime();
  for (uint32_t i = 0; i < table_->used(); i++) {
    if (IsSharing(*table_->slot(i), share, now)) return true;
  }
  return false;
}

Gatekeeper::Gate* Gatekeeper::Find(const Napi::CallbackInfo& info) {
  auto found = gates_.find(info[0].ToNumber().Uint32Value());
  return found == gates_.end() ? nullptr : found->second.get();
}

// withdraw(number, withdrawn): this worker's server is full; the others do not wait for it.
void Gatekeeper::Withdraw(const Napi::CallbackInfo& info) {
  Gate* gate = Find(info);
  if (gate == nullptr) return;
  gate->withdrawn = info[1].ToBoolean();
  Publish(gate->share, !gate->withdrawn && !exhausted_, (open_ & gate->share) != 0);
  gate->stale = true;
}

// close(number)
void Gatekeeper::CloseGate(const Napi::CallbackInfo& info) {
  auto found = gates_.find(info[0].ToNumber().Uint32Value());
  if (found == gates_.end()) return;
  std::unique_ptr<Gate> gate = std::move(found->second);
  gates_.erase(found);
  Publish(gate->share, false, false);
  gate->poll->Close();
  // A full server would drop them: as long as others are there, they are theirs.
  const bool leaves = gate->withdrawn && SomebodyShares(gate->share);
  if (kCloseMayReset && !leaves) TakeTheLast(gate.get());
}

void Gatekeeper::Stop(const Napi::CallbackInfo&) {
  if (prepare_->get() == nullptr) return;
  gates_.clear();
  shares_ = open_ = 0;
  Publish(0, false, false);
  prepare_->Close();
  check_->Close();
  retry_->Close();
  bell_->Close();
  on_error_.Reset();
  Unref();
}

void Gatekeeper::Report(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Gatekeeper::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Gatekeeper", DefineClass(env, "Gatekeeper",
                                        {InstanceMethod("listen", &Gatekeeper::Listen),
                                         InstanceMethod("withdraw", &Gatekeeper::Withdraw),
                                         InstanceMethod("close", &Gatekeeper::CloseGate),
                                         InstanceMethod("stop", &Gatekeeper::Stop)}));
}

}  // namespace evenkeel
