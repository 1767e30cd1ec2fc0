#include "dispatcher.h"

#include <algorithm>
#include <cerrno>

#include "acceptor.h"
#include "channel.h"
#include "error.h"
#include "instance.h"
#include "pick.h"

namespace evenkeel {
namespace {

constexpr uint64_t kRetryMs = 5;  // a worker takes its connections without telling us
constexpr uint32_t kNoLease = 0;  // leases begin at 1

}  // namespace

// new Dispatcher(table)
Dispatcher::Dispatcher(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Dispatcher>(info) {
  table_ = LoadTable::From(info[0])->mapping();
  timer_ = std::make_unique<LoopHandle<uv_timer_t>>(info.Env(), this, uv_timer_init);
  timer_->Unref();
}

Dispatcher* Dispatcher::From(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() ||
      !value.As<Napi::Object>().InstanceOf(Instance::Of(env).dispatcher.Value())) {
    throw Napi::TypeError::New(env, "a Dispatcher expected");
  }
  return Unwrap(value.As<Napi::Object>());
}

uint32_t Dispatcher::Depth(const Member& member) const {
  const uint32_t untaken =
      member.endpoint->sent - member.slot->taken.load(std::memory_order_relaxed);
  // More than was ever sent ahead: somebody wrote garbage into the table. The worker sets `taken`
  // right with the next connection it takes, so it must get one.
  return untaken > kMaxDepth ? 0 : untaken;
}

bool Dispatcher::CanSend() const {
  if (!held_.empty()) return false;
  return std::any_of(members_.begin(), members_.end(),
                     [this](const Member& member) { return Depth(member) < kMaxDepth; });
}

void Dispatcher::Offer(UniqueFd connection, uint8_t hops, uint32_t except_lease) {
  Held held{std::move(connection), hops, except_lease};
  if (held_.empty() && TrySend(&held)) return;
  held_.push_back(std::move(held));
  RetryLater();
}

// Done with it: sent, or nothing that could be. False: nobody can take it now.
bool Dispatcher::TrySend(Held* held) {
  // The worker that returned it is asked again only when there is no other.
  const uint32_t except = members_.size() > 1 ? held->except_lease : kNoLease;
  std::vector<bool> refused(members_.size());
  for (size_t attempt = 0; attempt < members_.size(); attempt++) {
    const size_t i = PickRoundRobin(members_.size(), last_, [&](size_t index) {
      const Member& member = members_[index];
      return member.lease == except || refused[index] ? kMaxDepth : Depth(member);
    });
    if (i == kNobody) return false;
    Message message;
    message.type = MessageType::kConnection;
    // Returned by as many workers as there are: the next one keeps it, full or not, and its server
    // says 'drop' as it would alone.
    message.hops = held->hops >= members_.size() ? kFinalHop : held->hops;
    message.lease = members_[i].lease;
    message.fd = std::move(held->connection);
    SendResult result;
    try {
      result = members_[i].endpoint->TrySend(message);
    } catch (const SystemFailure& failure) {
      if (failure.number == EBADF) return true;  // no descriptor: there is nothing to send
      // This channel is broken for good; its worker's exit or disconnect removes the member.
      result = SendResult::kClosed;
    }
    if (result == SendResult::kSent) {
      members_[i].slot->assigned.store(++members_[i].endpoint->sent, std::memory_order_relaxed);
      last_ = i;
      return true;
    }
    held->connection = std::move(message.fd);
    refused[i] = true;
  }
  return false;
}

void Dispatcher::SendHeld() {
  while (!held_.empty()) {
    if (!TrySend(&held_.front())) return RetryLater();
    held_.pop_front();
  }
}

void Dispatcher::RetryLater() {
  uv_timer_t* timer = timer_->get();
  if (timer == nullptr || members_.empty()) return;  // Add() looks after what is held
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(timer))) return;
  uv_timer_start(
      timer, [](uv_timer_t* handle) { static_cast<Dispatcher*>(handle->data)->SendHeld(); },
      kRetryMs, 0);
}

// add(channel, slot, lease)
void Dispatcher::Add(const Napi::CallbackInfo& info) {
  const uint32_t slot = info[1].ToNumber().Uint32Value();
  if (slot >= table_->slots()) throw Napi::RangeError::New(info.Env(), "Dispatcher: no such slot");
  members_.push_back(
      {Channel::From(info[0])->endpoint(), table_->slot(slot), info[2].ToNumber().Uint32Value()});
  SendHeld();
  for (Acceptor* acceptor : acceptors_) acceptor->Resume();
}

// remove(lease)
void Dispatcher::Remove(const Napi::CallbackInfo& info) {
  const uint32_t lease = info[0].ToNumber().Uint32Value();
  members_.erase(std::remove_if(members_.begin(), members_.end(),
                                [lease](const Member& member) { return member.lease == lease; }),
                 members_.end());
}

// offer(fd, hops, exceptLease): takes the fd.
void Dispatcher::OfferFd(const Napi::CallbackInfo& info) {
  UniqueFd connection(info[0].ToNumber().Int32Value());
  Offer(std::move(connection), static_cast<uint8_t>(info[1].ToNumber().Uint32Value()),
        info[2].ToNumber().Uint32Value());
}

Napi::Value Dispatcher::GetHeld(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(held_.size()));
}

void Dispatcher::Detach(Acceptor* acceptor) {
  acceptors_.erase(std::remove(acceptors_.begin(), acceptors_.end(), acceptor), acceptors_.end());
}

void Dispatcher::Close(const Napi::CallbackInfo&) {
  timer_->Close();
  members_.clear();
  held_.clear();  // closes the connections nobody took
}

void Dispatcher::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(
      env, "Dispatcher",
      {InstanceMethod("add", &Dispatcher::Add), InstanceMethod("remove", &Dispatcher::Remove),
       InstanceMethod("offer", &Dispatcher::OfferFd), InstanceMethod("held", &Dispatcher::GetHeld),
       InstanceMethod("close", &Dispatcher::Close)});
  Instance::Of(env).dispatcher = Napi::Persistent(constructor);
  exports.Set("Dispatcher", constructor);
}

}  // namespace evenkeel
