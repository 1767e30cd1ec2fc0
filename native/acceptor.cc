#include "acceptor.h"

#include "callback.h"
#include "dispatcher.h"
#include "listen_socket.h"

namespace evenkeel {

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
    loop_ = std::make_unique<AcceptLoop>(reactor_, listener, dispatcher,
                                         [this](const SystemFailure& failure) { Report(failure); });
    loop_->SetMode(AcceptLoop::Mode::kToAll);
  }
  Ref();  // not collected while dispatcher and reactor point to it: Close() ends that
}

Acceptor::~Acceptor() { CloseNow(); }

void Acceptor::Finish(const Napi::CallbackInfo&) {
  if (loop_ == nullptr) return;
  auto lock = reactor_->Lock();
  loop_->Finish();
}

void Acceptor::Close(const Napi::CallbackInfo&) {
  if (loop_ == nullptr) return;
  CloseNow();
  socket_object_.Reset();
  dispatcher_object_.Reset();
  on_error_.Reset();  // a closure that leads back here
  Unref();
}

void Acceptor::CloseNow() {
  if (loop_ == nullptr) return;
  auto lock = reactor_->Lock();
  loop_.reset();
}

void Acceptor::Report(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Acceptor::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Acceptor", DefineClass(env, "Acceptor",
                                      {InstanceMethod("finish", &Acceptor::Finish),
                                       InstanceMethod("close", &Acceptor::Close)}));
}

}  // namespace evenkeel
