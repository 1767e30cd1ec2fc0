#include "group.h"

#include <algorithm>

#include "../callback.h"
#include "../listen_socket.h"
#include "selector.h"

namespace evenkeel {
namespace {

constexpr double kMs = 1e6;  // in ns

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
  member->is_starved = member->is_stuck = false;
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
  } else if (member->is_starved || member->is_stuck) {
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
      const double duration = static_cast<double>(event.duration) / kMs;
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
