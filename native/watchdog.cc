#include "watchdog.h"

#include <algorithm>

#include "bell_object.h"
#include "callback.h"
#include "gate.h"
#include "listen_socket.h"

namespace evenkeel {
namespace {

constexpr uint64_t kMs = 1000 * 1000;
// After a bell was rung: time for its worker to come.
constexpr uint64_t kAfterRingNs = kMs;
// Nobody is idle: the next one to be so takes a connection by itself.
constexpr uint64_t kAllBusyNs = 2 * kMs;
// Nothing waits. What no wake-up tells of: a connection comes, the kernel wakes one worker for it,
// and that worker does not take it. It blocks first, has no descriptor left, has closed its gate
// since (worker.disconnect() too), or was woken for two at once (kernels before 5.7).
constexpr uint64_t kQuietNs = 100 * kMs;
constexpr uint32_t kMaxGates = 32;  // bits of Slot::shares

}  // namespace

// new Watchdog(table, listenSocket, number, onError)
Watchdog::Watchdog(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Watchdog>(info), context_(info.Env(), "evenkeel.Watchdog") {
  Napi::Env env = info.Env();
  table_ = LoadTable::From(info[0])->mapping();
  const int socket = ListenSocket::From(info[1])->Open(env);
  const uint32_t number = info[2].ToNumber().Uint32Value();
  if (number >= kMaxGates) throw Napi::RangeError::New(env, "Watchdog: number must be 0 to 31");
  share_ = 1u << number;
  if (!info[3].IsFunction()) throw Napi::TypeError::New(env, "Watchdog: onError expected");
  reactor_ = Reactor::Of(env);
  on_error_ = Napi::Persistent(info[3].As<Napi::Function>());
  socket_object_ = Napi::Persistent(info[1].As<Napi::Object>());
  {
    auto lock = reactor_->Lock();
    socket_ = socket;
    reactor_->Add(this);
  }
  Ref();  // the reactor points here: Close() ends that
}

Watchdog::~Watchdog() { CloseNow(); }

// add(slot, bell): rung until remove(slot).
void Watchdog::Add(const Napi::CallbackInfo& info) {
  const Member member{info[0].ToNumber().Uint32Value(), BellObject::From(info[1])};
  if (member.slot >= table_->slots()) {
    throw Napi::RangeError::New(info.Env(), "Watchdog: no such slot");
  }
  auto lock = reactor_->Lock();
  if (socket_ < 0) return;
  members_.push_back(member);
  LookNow();
}

// remove(slot): its worker is gone, or listens no more.
void Watchdog::Remove(const Napi::CallbackInfo& info) {
  const uint32_t slot = info[0].ToNumber().Uint32Value();
  auto lock = reactor_->Lock();
  if (socket_ < 0) return;
  members_.erase(std::remove_if(members_.begin(), members_.end(),
                                [slot](const Member& member) { return member.slot == slot; }),
                 members_.end());
  LookNow();
}

void Watchdog::Close(const Napi::CallbackInfo&) {
  if (socket_ < 0) return;
  CloseNow();
  socket_object_.Reset();
  on_error_.Reset();  // a closure that leads back here
  Unref();
}

void Watchdog::CloseNow() {
  auto lock = reactor_->Lock();
  if (socket_ < 0) return;
  Disarm();
  reactor_->Remove(this);
  socket_ = -1;
}

// Where it is armed already it keeps its place: see the head of watchdog.h.
void Watchdog::Arm() {
  if (armed_) return;
  try {
    reactor_->Watch(this, socket_, Poller::Place::kLast);
    armed_ = true;
  } catch (const SystemFailure& failure) {
    reactor_->Report(this, failure);  // ENOMEM, ENOSPC: the quiet look tries again
  }
}

void Watchdog::Disarm() {
  if (armed_) reactor_->Unwatch(socket_);
  armed_ = false;
}

void Watchdog::OnReadable() {
  Disarm();
  if (Poller::kHasLine) return LookNow();
  // The workers were told at the same time: let them come first.
  reactor_->SetDeadline(this, uv_hrtime() + kAfterRingNs);
}

void Watchdog::OnDeadline() { LookNow(); }

void Watchdog::LookNow() {
  if (members_.empty()) {  // the connections wait for the next worker: Add() looks
    Disarm();
    reactor_->SetDeadline(this, kNever);
    return;
  }
  int waiting = 0;
  try {
    waiting = QueueLength(socket_);
  } catch (const SystemFailure& failure) {
    reactor_->Report(this, failure);
  }
  const uint64_t now = uv_hrtime();
  if (waiting == 0) {
    waiting_since_ = 0;
    Arm();
    reactor_->SetDeadline(this, now + kQuietNs);
    return;
  }
  Disarm();  // it would only say again what is known
  // Nobody shares: every server is full, say, or the others' loops are blocked. Some of the full
  // ones take it, and their applications hear 'drop', as with one process.
  const bool shared = std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return IsSharing(*table_->slot(member.slot), share_, now);
  });
  int rung = 0;
  while (rung < waiting && RingBest(shared, now)) rung++;
  if (waiting_since_ == 0) waiting_since_ = now;
  if (now - waiting_since_ >= kDoubtNs) {
    // Nobody may be what the table says, since any worker can write to it. Whoever is really busy
    // hears the bell when it is done, and looks once in vain.
    for (const Member& member : members_) member.bell->Ring();
    waiting_since_ = now;
  }
  reactor_->SetDeadline(this, now + (rung > 0 ? kAfterRingNs : kAllBusyNs));
}

// The idle worker with the fewest connections, of equals the one whose turn it is; where the
// listener is `shared`, of those that share.
bool Watchdog::RingBest(bool shared, uint64_t now) {
  const Member* best = nullptr;
  int32_t fewest = 0;
  uint32_t time = 0;
  for (const Member& member : members_) {
    const Slot& slot = *table_->slot(member.slot);
    if (!IsIdle(slot)) continue;
    if (shared && !IsSharing(slot, share_, now)) continue;
    const int32_t active = ActiveOf(slot);
    const uint32_t own = slot.virtual_time.load(std::memory_order_relaxed);
    if (best != nullptr &&
        (active > fewest || (active == fewest && static_cast<int32_t>(own - time) >= 0))) {
      continue;
    }
    best = &member;
    fewest = active;
    time = own;
  }
  if (best == nullptr) return false;
  // `called` first: once awake the worker answers. Until then it is not idle any more.
  std::atomic<uint32_t>& called = table_->slot(best->slot)->called;
  const uint32_t tick = static_cast<uint32_t>(uv_hrtime() / kTickNs);
  const uint32_t last = called.load(std::memory_order_relaxed);
  called.store(tick == last ? tick + 1 : tick, std::memory_order_seq_cst);
  best->bell->Ring();
  return true;
}

// look(): something changed that no wake-up tells of.
void Watchdog::Look(const Napi::CallbackInfo&) {
  auto lock = reactor_->Lock();
  if (socket_ >= 0) LookNow();
}

void Watchdog::OnFailure(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Watchdog::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Watchdog", DefineClass(env, "Watchdog",
                                      {InstanceMethod("add", &Watchdog::Add),
                                       InstanceMethod("remove", &Watchdog::Remove),
                                       InstanceMethod("look", &Watchdog::Look),
                                       InstanceMethod("close", &Watchdog::Close)}));
}

}  // namespace evenkeel
