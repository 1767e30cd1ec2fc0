#include "group.h"

#include <sys/epoll.h>

#include <algorithm>

#include "../callback.h"
#include "../listen_socket.h"
#include "../selector.h"
#include "../socket.h"

namespace evenkeel {
namespace {

constexpr uint64_t kMs = 1000 * 1000;
// Weights go by what was known at the last look: the oftener, the more even. One look and change
// costs some 15 us.
constexpr uint64_t kWeightsNs = kMs;
// A stall is noticed a quarter of the threshold late at most, and not later than this.
constexpr uint64_t kLookNs = 5 * kMs;
// Only drift is looked for.
constexpr uint64_t kDriftNs = 100 * kMs;
// Nothing came for so long: no more looks until something does.
constexpr uint64_t kQuietNs = 50 * kMs;

// 0 where it cannot be told: an open listening socket never fails here.
int Waiting(int socket) {
  try {
    return QueueLength(socket);
  } catch (const SystemFailure&) {
    return 0;
  }
}

}  // namespace

// new Group(table, dispatcher, selector | null, threshold, onStall, onError): `threshold` in ms, 0:
// nobody is rescued.
Group::Group(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Group>(info), context_(info.Env(), "evenkeel.Group") {
  Napi::Env env = info.Env();
  table_ = LoadTable::From(info[0])->mapping();
  dispatcher_ = Dispatcher::From(info[1]);
  if (!info[2].IsNull()) program_ = Selector::From(info[2])->program();
  threshold_ = static_cast<uint64_t>(std::max(0.0, info[3].ToNumber().DoubleValue()) * kMs);
  if (!info[4].IsFunction() || !info[5].IsFunction()) {
    throw Napi::TypeError::New(env, "Group: onStall and onError expected");
  }
  reactor_ = Reactor::Of(env);
  dispatcher_object_ = Napi::Persistent(info[1].As<Napi::Object>());
  on_stall_ = Napi::Persistent(info[4].As<Napi::Function>());
  on_error_ = Napi::Persistent(info[5].As<Napi::Function>());
  auto lock = reactor_->Lock();
  reactor_->Add(this);
  Ref();  // the reactor points here: Close() ends that
}

Group::~Group() { CloseNow(); }

// join(listenSocket): its index in the group. The primary accepts from it until it is lent.
Napi::Value Group::Join(const Napi::CallbackInfo& info) {
  const int socket = ListenSocket::From(info[0])->Open(info.Env());
  auto lock = reactor_->Lock();
  if (!open_) throw Napi::Error::New(info.Env(), "Group: closed");
  socket_objects_.push_back(Napi::Persistent(info[0].As<Napi::Object>()));
  Member member{};
  member.socket = socket;
  member.loop = std::make_unique<AcceptLoop>(
      reactor_, socket, dispatcher_, [this](const SystemFailure& failure) { OnFailure(failure); });
  members_.push_back(std::move(member));
  changed_ = true;
  SetMode(&members_.back());
  Look();
  return Napi::Number::New(info.Env(), static_cast<double>(members_.size() - 1));
}

Group::Member* Group::Find(const Napi::Value& value) {
  const uint32_t index = value.ToNumber().Uint32Value();
  if (index >= members_.size()) {
    throw Napi::RangeError::New(value.Env(), "Group: no such member");
  }
  return &members_[index];
}

// lend(index, lane): a worker accepts from it.
void Group::Lend(const Napi::CallbackInfo& info) {
  const std::shared_ptr<LaneEnd>& lane = Lane::From(info[1])->end();
  auto lock = reactor_->Lock();
  if (!open_) return;
  Member* member = Find(info[0]);
  member->lane = lane;
  member->draining = false;
  member->detector.Reset();
  member->drift = Drift();
  member->seen_accepted = lane->slot()->accepted.load(std::memory_order_relaxed);
  member->counted = member->loop->accepted();
  changed_ = true;
  SetMode(member);
  Look();
}

// drain(index): its worker is going: nothing new comes to it, and what waits goes to others.
void Group::Drain(const Napi::CallbackInfo& info) {
  auto lock = reactor_->Lock();
  if (!open_) return;
  Member* member = Find(info[0]);
  if (member->lane == nullptr || member->draining) return;
  if (member->detector.blocked()) End(member, uv_hrtime());
  member->draining = true;
  changed_ = true;
  Select();  // before its queue is emptied
  SetMode(member);
  Look();
}

// reclaim(index): its worker is gone. The primary accepts for others until it is lent again.
void Group::Reclaim(const Napi::CallbackInfo& info) {
  auto lock = reactor_->Lock();
  if (!open_) return;
  Member* member = Find(info[0]);
  if (member->detector.blocked()) End(member, uv_hrtime());
  CountAccepted(member);
  member->lane.reset();
  member->draining = false;
  changed_ = true;
  Select();
  SetMode(member);
  Look();
}

// retire(): from here on the primary accepts from every member, so that nobody waits behind a
// blocked worker.
void Group::Retire(const Napi::CallbackInfo&) {
  auto lock = reactor_->Lock();
  if (!open_) return;
  Wake();
  retired_ = true;
  for (Member& member : members_) {
    if (member.detector.blocked()) End(&member, uv_hrtime());
    SetMode(&member);
  }
}

void Group::SetMode(Member* member) {
  if (member->watched) reactor_->Unwatch(member->socket);
  member->watched = false;
  if (retired_ || member->lane == nullptr || member->draining) {
    member->loop->SetMode(AcceptLoop::Mode::kToAll);
  } else if (member->detector.blocked()) {
    // Only to who sleeps: one that is busy may be no better than the one it waits for.
    member->loop->SetMode(AcceptLoop::Mode::kToIdle);
  } else {
    member->loop->SetMode(AcceptLoop::Mode::kOff);
  }
}

void Group::OnReadable() {
  active_at_ = uv_hrtime();
  Look();
}

void Group::Look() {
  if (!open_ || retired_) return;
  Wake();
  const uint64_t now = uv_hrtime();
  for (Member& member : members_) {
    if (member.lane != nullptr && !member.draining && LookAt(&member, now)) active_at_ = now;
  }
  Select();
  if (now - active_at_ >= kQuietNs && !changed_) return Rest();
  const bool by_load = program_ != nullptr && program_->GoesByLoad();
  const uint64_t at_most = threshold_ > 0 ? std::min(threshold_ / 4, kLookNs) : kDriftNs;
  reactor_->SetDeadline(this, now + (by_load ? kWeightsNs : std::max(at_most, kMs)));
}

bool Group::LookAt(Member* member, uint64_t now) {
  const Slot& slot = *member->lane->slot();
  const uint32_t accepted = slot.accepted.load(std::memory_order_relaxed);
  bool active = accepted != member->seen_accepted;
  member->seen_accepted = accepted;
  CountAccepted(member);
  if (member->detector.blocked()) {
    if (member->detector.HasTurned(slot)) {
      End(member, now);
    } else {
      // Stopped in its sleep, and going on since, it sleeps on, and no stamp tells.
      member->lane->Nudge(now);
    }
    active = true;
  } else if (threshold_ > 0) {
    const auto verdict =
        member->detector.Look(slot, now, threshold_, [&] { return Waiting(member->socket) > 0; });
    if (verdict == StallDetector::Verdict::kBlocked) Begin(member, now);
    active = active || verdict != StallDetector::Verdict::kTurns;
  }
  if (program_ != nullptr && program_->CountsAssigned()) {
    const int32_t outstanding = OutstandingOf(slot, member->lane->sent());
    const int32_t more =
        member->drift.Look(outstanding, now, [&] { return Waiting(member->socket); });
    if (more != 0) member->lane->Correct(more);
  }
  return active;
}

void Group::Begin(Member* member, uint64_t now) {
  member->rescued = 0;
  member->lane->Suspend();
  changed_ = true;
  events_.push_back(Event{member->lane->index(), false, now - member->detector.since(), 0});
  reactor_->Post(this);
  Select();  // nothing new comes, before what waits is taken
  SetMode(member);
}

void Group::End(Member* member, uint64_t now) {
  CountAccepted(member);
  const Event event{member->lane->index(), true, now - member->detector.since(), member->rescued};
  member->detector.Reset();
  events_.push_back(event);
  reactor_->Post(this);
  changed_ = true;
  SetMode(member);
}

// What the primary took from its queue is not its worker's any more.
void Group::CountAccepted(Member* member) {
  const uint32_t more = member->loop->accepted() - member->counted;
  member->counted = member->loop->accepted();
  if (more == 0 || member->lane == nullptr) return;
  member->rescued += more;
  if (program_ != nullptr && program_->CountsAssigned()) {
    member->lane->Correct(-static_cast<int32_t>(more));
  }
}

void Group::Select() {
  if (program_ == nullptr) changed_ = false;  // nobody to tell
  if (program_ == nullptr || (!changed_ && !program_->GoesByLoad())) return;
  std::vector<GroupMember> members;
  members.reserve(members_.size());
  for (const Member& member : members_) {
    GroupMember one{member.socket, 0, false, 0};
    if (member.lane != nullptr) {
      const Slot& slot = *member.lane->slot();
      one.slot = member.lane->index();
      one.eligible = !member.draining && !member.detector.blocked();
      one.load = member.lane->Load();
      // A loop that sleeps has emptied its queue.
      if (program_->GoesByLoad() && slot.idle.load(std::memory_order_relaxed) == 0) {
        one.load += static_cast<uint32_t>(Waiting(member.socket));
      }
    }
    members.push_back(one);
  }
  try {
    program_->Apply(members);
    changed_ = refused_ = false;
  } catch (const SystemFailure& failure) {
    // Tried again with the next look; until then the kernel chooses as before.
    if (!refused_) reactor_->Report(this, failure);
    refused_ = changed_ = true;
  }
}

// Waits for the next connection on the sockets themselves.
void Group::Rest() {
  reactor_->SetDeadline(this, kNever);
  for (Member& member : members_) {
    if (member.loop->mode() != AcceptLoop::Mode::kOff) continue;
    try {
      reactor_->Watch(this, member.socket, EPOLLIN);
      member.watched = true;
    } catch (const SystemFailure& failure) {  // ENOMEM, ENOSPC: then by looking
      reactor_->SetDeadline(this, uv_hrtime() + kQuietNs);
    }
  }
  resting_ = true;
}

void Group::Wake() {
  if (!resting_) return;
  resting_ = false;
  for (Member& member : members_) {
    if (member.watched) reactor_->Unwatch(member.socket);
    member.watched = false;
  }
}

void Group::OnPost() {
  std::deque<Event> events;
  {
    auto lock = reactor_->Lock();
    events.swap(events_);
  }
  for (const Event& event : events) {
    if (on_stall_.IsEmpty()) return;
    IntoJavaScript(Env(), [&] {
      Napi::Env env = Env();
      const double duration = static_cast<double>(event.duration) / static_cast<double>(kMs);
      on_stall_.MakeCallback(
          Value(),
          {Napi::Number::New(env, event.slot), Napi::Boolean::New(env, event.ended),
           Napi::Number::New(env, duration), Napi::Number::New(env, event.rescued)},
          context_);
    });
  }
}

void Group::OnFailure(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Group::Close(const Napi::CallbackInfo&) {
  if (!open_) return;
  CloseNow();
  socket_objects_.clear();
  dispatcher_object_.Reset();
  on_stall_.Reset();
  on_error_.Reset();  // closures that lead back here
  Unref();
}

void Group::CloseNow() {
  if (!open_ || reactor_ == nullptr) return;
  auto lock = reactor_->Lock();
  open_ = false;
  Wake();
  members_.clear();
  program_.reset();
  reactor_->Remove(this);
}

void Group::Init(Napi::Env env, Napi::Object exports) {
  exports.Set(
      "Group",
      DefineClass(
          env, "Group",
          {InstanceMethod("join", &Group::Join), InstanceMethod("lend", &Group::Lend),
           InstanceMethod("drain", &Group::Drain), InstanceMethod("reclaim", &Group::Reclaim),
           InstanceMethod("retire", &Group::Retire), InstanceMethod("close", &Group::Close)}));
}

}  // namespace evenkeel
