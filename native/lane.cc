#include "lane.h"

#include <algorithm>
#include <set>
#include <vector>

#include "error.h"
#include "fd_room.h"
#include "gate.h"
#include "instance.h"
#include "pick.h"

namespace evenkeel {
namespace {

constexpr uint64_t kMs = 1000 * 1000;
constexpr uint64_t kBlockedNs = 5 * kMs;  // ETOOMANYREFS, ENOMEM: nothing announces their end
// A worker that let connections lie is tried again after 20 ms, then twice as long each time. A try
// costs a connection a millisecond.
constexpr uint64_t kFirstStallNs = 20 * kMs;
constexpr uint64_t kLastStallNs = 640 * kMs;
constexpr uint64_t kNudgeNs = 100 * kMs;

}  // namespace

LaneEnd::LaneEnd(std::shared_ptr<LoadTableMapping> table, uint32_t slot, const Bell& waker)
    : table_(std::move(table)), slot_(table_->slot(slot)), index_(slot), pipe_(waker) {
  last_sent_ = uv_hrtime();
}

SendResult LaneEnd::Send(Burst* burst) {
  if (!pipe_.CanSend()) return SendResult::kClosed;
  const bool was_empty = Untaken() == 0;
  const uint32_t count = burst->count;
  SendResult result = SendResult::kClosed;
  try {
    result = pipe_.Send(burst);
  } catch (const SystemFailure& failure) {
    if (failure.number != kClosedDescriptor)
      result = SendResult::kClosed;  // broken for good
    else if (burst->count > 1)
      return SendSingly(burst);
    else
      return SendResult::kSent;  // no descriptor: there is nothing to send
  }
  if (result == SendResult::kClosed) pipe_.StopSending();  // what is in it can still be taken back
  if (result != SendResult::kSent) {
    blocked_until_ = uv_hrtime() + kBlockedNs;
    return result;
  }
  last_sent_ = uv_hrtime();
  if (was_empty) since_ = last_sent_;
  sent_ += count;
  Publish();
  return result;
}

// One of them is no descriptor: the others are sent without it.
SendResult LaneEnd::SendSingly(Burst* burst) {
  for (uint32_t i = 0; i < burst->count; i++) {
    Burst one;
    one.lease = burst->lease;
    one.hops = burst->hops;
    one.count = 1;
    one.fds[0] = std::move(burst->fds[i]);
    const SendResult result = Send(&one);
    if (result == SendResult::kSent) continue;
    burst->fds[i] = std::move(one.fds[0]);
    std::move(burst->fds.begin() + i, burst->fds.begin() + burst->count, burst->fds.begin());
    burst->count -= i;
    return result;
  }
  return SendResult::kSent;
}

bool LaneEnd::IsBlocked() const { return !pipe_.CanSend() || uv_hrtime() < blocked_until_; }

void LaneEnd::CountReturned() {
  sent_--;
  Publish();
}

void LaneEnd::Correct(int32_t more) {
  corrected_ += static_cast<uint32_t>(more);
  Publish();
}

void LaneEnd::Suspend() {
  stalled_at_ = slot_->stamp.load(std::memory_order_relaxed);
  stalled_until_ = kNever;
}

void LaneEnd::Nudge(uint64_t now) {
  if (!pipe_.CanSend() || now < last_sent_ + kNudgeNs || !pipe_.IsEmpty()) return;
  last_sent_ = now;
  Burst empty;
  try {
    pipe_.Send(&empty);
  } catch (const SystemFailure&) {
    // The next connection meets the same.
  }
}

// Else it would lie there: a recall waits for another worker that sleeps, and by source there is
// none.
void LaneEnd::Tend() {
  pipe_.Tend();
  if (!pipe_.HasRefused()) return;
  blocked_until_ = uv_hrtime() + kBlockedNs;  // memory: nothing announces that there is some again
  Recall(nullptr);
}

void LaneEnd::Publish() {
  if (attached_) slot_->adjust.store(sent_ + corrected_, std::memory_order_relaxed);
}

// By our own count of what was sent, not the worker's of what it has begun: between the two a
// connection would be counted twice or not at all. What it accepted by itself comes on top.
uint32_t LaneEnd::Load() const {
  const auto load = [](const std::atomic<uint32_t>& field) {
    return field.load(std::memory_order_relaxed);
  };
  const int32_t here = static_cast<int32_t>(sent_ - load(slot_->closed));
  const int32_t by_itself = static_cast<int32_t>(load(slot_->accepted) - load(slot_->taken));
  const int64_t sum = int64_t{here} + std::max(by_itself, 0);  // of garbage it may take 33 bits
  return sum > 0 ? static_cast<uint32_t>(sum) : 0;
}

uint32_t LaneEnd::Untaken() const {
  const uint32_t untaken = sent_ - slot_->taken.load(std::memory_order_relaxed);
  if (untaken <= kMaxDepth + kMaxBurst) return untaken;
  // More than was ever sent ahead: somebody wrote garbage into the table. The worker sets `taken`
  // right with the next connection it takes, so it must get one; and no second one until then.
  return pipe_.IsEmpty() ? 0 : kMaxDepth;
}

uint64_t LaneEnd::WaitingSince(uint64_t now) {
  const uint32_t taken = slot_->taken.load(std::memory_order_relaxed);
  if (taken != seen_taken_) {
    since_ = now;
    stalled_at_ = stall_ = 0;
  }
  seen_taken_ = taken;
  return since_;
}

bool LaneEnd::IsOpen(uint64_t now) const {
  if (!pipe_.CanSend() || now < blocked_until_) return false;
  const bool stands_still =
      stalled_at_ != 0 && slot_->stamp.load(std::memory_order_relaxed) == stalled_at_;
  return !stands_still || now >= stalled_until_;
}

bool LaneEnd::IsResponsive(uint64_t now) const {
  if (!IsOpen(now)) return false;
  if (IsIdle(*slot_)) return true;
  return now < slot_->stamp.load(std::memory_order_relaxed) + Patience();
}

// One whose turns have been short rather waits for a CPU than is in the midst of a long one: as
// many ms as may be sent ahead to it, and 10 at most. One with long turns: none.
uint64_t LaneEnd::Patience() const {
  const uint64_t depth = slot_->depth.load(std::memory_order_relaxed);
  return depth > 1 ? std::min(depth * kFreshNs, kDoublings * kPatienceNs) : 0;
}

bool LaneEnd::Recall(LaneOwner* caller) {
  std::vector<Burst> bursts;
  bool complete = true;
  for (;;) {
    complete = FdRoom::OfProcess().Has(2 * kMaxBurst) || pipe_.IsEmpty();
    if (!complete) break;
    Burst burst;
    ReceiveResult result = ReceiveResult::kNone;
    try {
      result = pipe_.TakeBack(&burst);
    } catch (const SystemFailure&) {
      break;  // not a socket any more, whatever became of it
    }
    if (result == ReceiveResult::kMalformed) continue;
    if (result != ReceiveResult::kMessage) break;
    sent_ -= burst.count + burst.lost;
    if (burst.count > 0) bursts.push_back(std::move(burst));
  }
  Publish();
  std::set<LaneOwner*> concerned;
  // The last first: each goes in front of those the owner holds.
  for (auto burst = bursts.rbegin(); burst != bursts.rend(); ++burst) {
    auto found = owners.find(burst->lease);
    if (found == owners.end()) continue;  // its listener is closed, and so are they
    concerned.insert(found->second);
    found->second->TakeBack(std::move(*burst));
  }
  if (!bursts.empty()) {
    stall_ = std::min(std::max(2 * stall_, kFirstStallNs), kLastStallNs);
    stalled_at_ = slot_->stamp.load(std::memory_order_relaxed);
    stalled_until_ = uv_hrtime() + stall_;
  }
  concerned.erase(caller);
  for (LaneOwner* owner : concerned) owner->Settle();
  return complete;
}

void LaneEnd::Detach() {
  attached_ = false;
  pipe_.SetDead();
}

void LaneEnd::Close() { pipe_.Close(); }

// new Lane(table, slot)
Lane::Lane(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Lane>(info) {
  Napi::Env env = info.Env();
  const auto& table = LoadTable::From(info[0])->mapping();
  const uint32_t slot = info[1].ToNumber().Uint32Value();
  if (slot >= table->slots()) throw Napi::RangeError::New(env, "Lane: no such slot");
  reactor_ = Reactor::Of(env);
  end_ = Guard(env, [&] { return std::make_shared<LaneEnd>(table, slot, reactor_->waker()); });
  auto lock = reactor_->Lock();
  reactor_->Add(this);
}

Lane::~Lane() {
  auto lock = reactor_->Lock();
  reactor_->Remove(this);
}

Lane* Lane::From(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(Instance::Of(env).lane.Value())) {
    throw Napi::TypeError::New(env, "a Lane expected");
  }
  return Unwrap(value.As<Napi::Object>());
}

// The worker's end, to be given to it. The caller owns it.
Napi::Value Lane::Share(const Napi::CallbackInfo& info) {
  return GiveToken(info.Env(), Guard(info.Env(), [&] { return end_->pipe().Share(); }));
}

// setWorker(pid): whose it is, before anything is sent.
void Lane::SetWorker(const Napi::CallbackInfo& info) {
  auto lock = reactor_->Lock();
  end_->pipe().SetWorker(info[0].ToNumber().Uint32Value());
}

Napi::Value Lane::GetUntaken(const Napi::CallbackInfo& info) {
  auto lock = reactor_->Lock();
  return Napi::Number::New(info.Env(), end_->Untaken());
}

// The worker has sent back a connection, which is another's from now on, or closed.
void Lane::Returned(const Napi::CallbackInfo&) {
  auto lock = reactor_->Lock();
  end_->CountReturned();
}

// nudge(): a worker whose loop can turn does, whatever it waits for.
void Lane::Nudge(const Napi::CallbackInfo&) {
  auto lock = reactor_->Lock();
  end_->Nudge(uv_hrtime());
}

// The worker is dead: what it had not taken goes to others. False: not all of it could be, for want
// of descriptors; to be tried again.
Napi::Value Lane::Recover(const Napi::CallbackInfo& info) {
  auto lock = reactor_->Lock();
  end_->Detach();
  return Napi::Boolean::New(info.Env(), end_->Recall(nullptr));
}

void Lane::Close(const Napi::CallbackInfo&) {
  auto lock = reactor_->Lock();
  end_->Close();
  reactor_->Remove(this);
}

void Lane::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(
      env, "Lane",
      {InstanceMethod("setWorker", &Lane::SetWorker), InstanceMethod("share", &Lane::Share),
       InstanceMethod("untaken", &Lane::GetUntaken), InstanceMethod("returned", &Lane::Returned),
       InstanceMethod("nudge", &Lane::Nudge), InstanceMethod("recover", &Lane::Recover),
       InstanceMethod("close", &Lane::Close)});
  Instance::Of(env).lane = Napi::Persistent(constructor);
  exports.Set("Lane", constructor);
}

}  // namespace evenkeel
