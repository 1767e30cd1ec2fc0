#include "dispatcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "accept_loop.h"
#include "error.h"
#include "instance.h"
#include "socket.h"

namespace evenkeel {
namespace {

constexpr uint64_t kMs = 1000 * 1000;
// A worker's going to sleep wakes us; this is for what no worker tells of: the end of
// ETOOMANYREFS, a process stopped, garbage in the table.
constexpr uint64_t kLookAgainNs = 2 * kMs;
// Whoever could turn has long told by then that it did.
constexpr uint64_t kNudgeNs = 100 * kMs;
// By source every client has its worker, and waits for it here. So many; then in the accept queue.
constexpr size_t kMaxHeld = 256;
constexpr uint64_t kFullNs = 100 * kMs;
// Every worker that is not full has been stopped for ten seconds then: a full one says 'drop'.
constexpr uint8_t kManyHops = 100;

Policy ToPolicy(Napi::Env env, const std::string& name) {
  if (name == "round-robin") return Policy::kRoundRobin;
  if (name == "least-connections") return Policy::kLeastConnections;
  if (name == "source-hash") return Policy::kSourceHash;
  throw Napi::TypeError::New(env, "Dispatcher: no such policy: " + name);
}

}  // namespace

// new Dispatcher(table, policy, seed): `seed`, a number, of the hash of sources.
Dispatcher::Dispatcher(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Dispatcher>(info) {
  Napi::Env env = info.Env();
  table_ = LoadTable::From(info[0])->mapping();
  policy_ = ToPolicy(env, info[1].ToString().Utf8Value());
  seed_ = static_cast<uint64_t>(info[2].ToNumber().Int64Value());
  reactor_ = Reactor::Of(env);
  auto lock = reactor_->Lock();
  reactor_->Add(this);
  Ref();  // the reactor points here: Close() ends that
}

Dispatcher::~Dispatcher() { CloseNow(); }

Dispatcher* Dispatcher::From(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() ||
      !value.As<Napi::Object>().InstanceOf(Instance::Of(env).dispatcher.Value())) {
    throw Napi::TypeError::New(env, "a Dispatcher expected");
  }
  return Unwrap(value.As<Napi::Object>());
}

bool Dispatcher::HasRoom(bool to_idle) const {
  if (policy_ == Policy::kSourceHash) return !members_.empty() && held_.size() < kMaxHeld;
  Held any;
  any.to_idle = to_idle;
  return held_.empty() && Pick(any) != kNobody;
}

void Dispatcher::Place(UniqueFd connection, bool to_idle) {
  Held held{std::move(connection)};
  held.to_idle = to_idle;
  if ((policy_ == Policy::kSourceHash || held_.empty()) && TryPlace(&held)) return;
  held_.push_back(std::move(held));
}

size_t Dispatcher::Pick(const Held& held) const {
  if (policy_ == Policy::kSourceHash) {
    const size_t i = PickSourceHash(candidates_, held.source, seed_);
    if (i == kNobody || candidates_[i].untaken >= kMaxDepth || members_[i].lane->IsBlocked()) {
      return kNobody;
    }
    return i;
  }
  if (held.to_idle) return PickIdle(candidates_, last_);
  // Of full ones the one with the fewest: it may have room by now.
  const bool in_turn = policy_ == Policy::kRoundRobin && !all_full_;
  return (in_turn ? PickRoundRobin : PickLeastConnections)(candidates_, last_);
}

bool Dispatcher::TryPlace(Held* held) {
  if (policy_ == Policy::kSourceHash && held->source == 0) {
    held->source = SourceOf(held->connection.get(), seed_);
  }
  const size_t i = Pick(*held);
  if (i == kNobody) return false;
  Member& member = members_[i];
  // All are full: this one keeps it, and its server says 'drop' as it would alone. By source there
  // is no other to ask.
  const bool last_hop = all_full_ || held->hops >= kManyHops || policy_ == Policy::kSourceHash;
  const uint8_t hops = last_hop ? kFinalHop : held->hops;
  if (member.placed.count == kMaxBurst || (member.placed.count > 0 && member.placed.hops != hops)) {
    if (!Flush(i)) return false;
  }
  member.placed.lease = member.lease;
  member.placed.hops = hops;
  member.placed.fds[member.placed.count++] = std::move(held->connection);
  candidates_[i].given = ++member.given;
  candidates_[i].untaken++;
  candidates_[i].load++;
  last_ = i;
  return true;
}

// Sends what was placed with a member. False: nobody can be sent to over that lane now, and what
// was placed is held again, in front.
bool Dispatcher::Flush(size_t i) {
  Member& member = members_[i];
  if (member.placed.count == 0) return true;
  const SendResult result = member.lane->Send(&member.placed);
  if (result == SendResult::kSent) {
    member.placed = Burst{};
    return true;
  }
  for (uint32_t k = member.placed.count; k > 0; k--) {
    held_.push_front(Held{std::move(member.placed.fds[k - 1]), member.placed.hops});
  }
  member.given -= member.placed.count;
  member.placed = Burst{};
  candidates_[i].responsive = false;
  return false;
}

void Dispatcher::Flush() {
  for (size_t i = 0; i < members_.size(); i++) Flush(i);
}

void Dispatcher::PlaceHeld() {
  if (held_.empty()) return;
  Look();
  std::deque<Held> wait;
  for (Held& held : std::exchange(held_, {})) {
    if (!TryPlace(&held)) wait.push_back(std::move(held));
  }
  // Behind those that came back from a lane that could not be sent to.
  std::move(wait.begin(), wait.end(), std::back_inserter(held_));
}

void Dispatcher::Settle() {
  if (settling_ || !open_) return;  // Recall() of another lane leads back here
  settling_ = true;
  Flush();
  RecallStalled();
  PlaceHeld();
  Flush();
  uint64_t next = NextRecall();  // of what was sent just now too
  const bool congested =
      std::any_of(loops_.begin(), loops_.end(), [](AcceptLoop* one) { return one->IsCongested(); });
  const bool waits = !members_.empty() && (congested || stalled_ || !held_.empty());
  if (waits != waits_ || waits) table_->Wait(static_cast<int>(waits) - static_cast<int>(waits_));
  if (waits) {
    const uint64_t now = uv_hrtime();
    next = std::min(next, now + kLookAgainNs);
    if (!waits_) waits_since_ = now;
    if (now >= waits_since_ + kNudgeNs) {
      for (const Member& member : members_) member.lane->Nudge(now);
    }
    // `waiting` is set. Who went to sleep before it could see that is looked for now: of a
    // worker's "I sleep" and our "we wait", each with a look at the other's, one sees the other.
    if (!waits_) {
      Look();
      if (Pick({}) != kNobody) next = now;
    }
  }
  waits_ = waits;
  reactor_->SetDeadline(this, next);
  settling_ = false;
}

void Dispatcher::Serve() {
  Settle();
  if (!open_) return;
  Look();
  for (AcceptLoop* loop : loops_) {
    if (loop->IsCongested() && HasRoom(loop->mode() == AcceptLoop::Mode::kToIdle)) loop->Run();
  }
}

// add(lane, lease)
void Dispatcher::Add(const Napi::CallbackInfo& info) {
  const std::shared_ptr<LaneEnd>& lane = Lane::From(info[0])->end();
  const uint32_t lease = info[1].ToNumber().Uint32Value();
  auto lock = reactor_->Lock();
  if (!open_) return;
  Look();
  Member member{lane, lease, MostGiven(candidates_), {}};
  lane->owners[lease] = this;
  lanes_.erase(std::remove_if(lanes_.begin(), lanes_.end(),
                              [](const std::weak_ptr<LaneEnd>& one) { return one.expired(); }),
               lanes_.end());
  lanes_.push_back(lane);
  members_.push_back(std::move(member));
  Serve();
}

// remove(lease): it gets no more.
void Dispatcher::Remove(const Napi::CallbackInfo& info) {
  const uint32_t lease = info[0].ToNumber().Uint32Value();
  auto lock = reactor_->Lock();
  members_.erase(std::remove_if(members_.begin(), members_.end(),
                                [lease](const Member& member) { return member.lease == lease; }),
                 members_.end());
  Look();
  Serve();  // who waited for that one only
}

// offer(fd, hops, exceptLease): takes the fd. `exceptLease`: who returned it.
void Dispatcher::Offer(const Napi::CallbackInfo& info) {
  UniqueFd connection(info[0].ToNumber().Int32Value());
  const uint8_t hops = static_cast<uint8_t>(info[1].ToNumber().Uint32Value());
  const uint32_t except = info[2].ToNumber().Uint32Value();
  auto lock = reactor_->Lock();
  if (!open_) return;
  for (Member& member : members_) {
    if (member.lease != except) continue;
    member.full = true;
    member.full_at = member.lane->slot()->closed.load(std::memory_order_relaxed);
    member.full_until = uv_hrtime() + kFullNs;
  }
  held_.push_back(Held{std::move(connection), hops});
  Serve();
}

// Connections nobody could take yet.
Napi::Value Dispatcher::GetHeld(const Napi::CallbackInfo& info) {
  auto lock = reactor_->Lock();
  return Napi::Number::New(info.Env(), static_cast<double>(held_.size()));
}

void Dispatcher::OnWaker() {
  if (waits_) Serve();
}

void Dispatcher::Detach(AcceptLoop* loop) {
  loops_.erase(std::remove(loops_.begin(), loops_.end(), loop), loops_.end());
}

void Dispatcher::Close(const Napi::CallbackInfo&) {
  if (!open_) return;
  CloseNow();
  Unref();
}

void Dispatcher::CloseNow() {
  if (!open_) return;
  auto lock = reactor_->Lock();
  open_ = false;
  reactor_->Remove(this);
  if (waits_) table_->Wait(-1);
  members_.clear();
  candidates_.clear();
  held_.clear();  // closes the connections nobody took
  for (const auto& weak : lanes_) {
    const auto lane = weak.lock();
    if (lane == nullptr) continue;
    for (auto it = lane->owners.begin(); it != lane->owners.end();) {
      it = it->second == this ? lane->owners.erase(it) : std::next(it);
    }
  }
  lanes_.clear();
}

void Dispatcher::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(
      env, "Dispatcher",
      {InstanceMethod("add", &Dispatcher::Add), InstanceMethod("remove", &Dispatcher::Remove),
       InstanceMethod("offer", &Dispatcher::Offer), InstanceMethod("held", &Dispatcher::GetHeld),
       InstanceMethod("close", &Dispatcher::Close)});
  Instance::Of(env).dispatcher = Napi::Persistent(constructor);
  exports.Set("Dispatcher", constructor);
}

}  // namespace evenkeel
