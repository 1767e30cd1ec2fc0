#include "acceptor.h"

#include <sys/epoll.h>

#include "callback.h"
#include "listen_socket.h"
#include "socket.h"

namespace evenkeel {
namespace {

constexpr int kAcceptsPerTurn = 64;  // then the reactor's other work gets its turn
// EMFILE, ENOMEM: a level-triggered poll would spin.
constexpr uint64_t kExhaustedNs = 50ull * 1000 * 1000;

}  // namespace

// new Acceptor(listenSocket, dispatcher, onError): begins as soon as the dispatcher has a member.
Acceptor::Acceptor(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Acceptor>(info), context_(info.Env(), "evenkeel.Acceptor") {
  Napi::Env env = info.Env();
  // Its descriptor is used, not a duplicate: serving a dead worker's queue must not fail for
  // EMFILE.
  const int listener = ListenSocket::From(info[0])->Open(env);
  Dispatcher* dispatcher = Dispatcher::From(info[1]);
  if (!info[2].IsFunction()) throw Napi::TypeError::New(env, "Acceptor: onError expected");
  on_error_ = Napi::Persistent(info[2].As<Napi::Function>());
  socket_object_ = Napi::Persistent(info[0].As<Napi::Object>());
  dispatcher_object_ = Napi::Persistent(info[1].As<Napi::Object>());
  reactor_ = Reactor::Of(env);
  {
    auto lock = reactor_->Lock();
    listener_ = listener;
    dispatcher_ = dispatcher;
    reactor_->Add(this);
    dispatcher_->Attach(this);
    Run();
  }
  Ref();  // not collected while dispatcher and reactor point to it: Close() ends that
}

Acceptor::~Acceptor() { CloseNow(); }

void Acceptor::Run() {
  if (listener_ < 0) return;
  try {
    Poll(AcceptSome());
  } catch (const SystemFailure& failure) {
    Poll(false);
    reactor_->SetDeadline(this, uv_hrtime() + kExhaustedNs);
    reactor_->Report(this, failure);
  }
  dispatcher_->Settle();
}

// True: what comes next is to be polled for. False: the dispatcher calls when it has room.
bool Acceptor::AcceptSome() {
  dispatcher_->Look();
  for (int i = 0; i < kAcceptsPerTurn; i++) {
    congested_ = !dispatcher_->HasRoom();
    if (congested_) return false;
    UniqueFd connection = Accept(listener_);
    if (!connection.valid()) return true;
    dispatcher_->Place(std::move(connection));
  }
  return true;
}

void Acceptor::Poll(bool poll) {
  if (poll == polled_) return;
  if (poll) {
    reactor_->Watch(this, listener_, EPOLLIN);
  } else {
    reactor_->Unwatch(listener_);
  }
  polled_ = poll;
}

void Acceptor::Close(const Napi::CallbackInfo&) {
  if (listener_ < 0) return;
  CloseNow();
  socket_object_.Reset();
  dispatcher_object_.Reset();
  on_error_.Reset();  // a closure that leads back here
  Unref();
}

void Acceptor::CloseNow() {
  if (reactor_ == nullptr) return;
  auto lock = reactor_->Lock();
  if (listener_ < 0) return;
  if (polled_) reactor_->Unwatch(listener_);
  reactor_->Remove(this);
  dispatcher_->Detach(this);
  listener_ = -1;
}

void Acceptor::OnFailure(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Acceptor::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Acceptor",
              DefineClass(env, "Acceptor", {InstanceMethod("close", &Acceptor::Close)}));
}

}  // namespace evenkeel
