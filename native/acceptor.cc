#include "acceptor.h"

#include "callback.h"
#include "error.h"
#include "listen_socket.h"
#include "socket.h"

namespace evenkeel {
namespace {

constexpr int kAcceptsPerTurn = 16;    // then the loop's other work gets its turn
constexpr uint64_t kCongestedMs = 5;   // every worker at its depth: no event says when that ends
constexpr uint64_t kExhaustedMs = 50;  // EMFILE, ENOMEM: a level-triggered poll would spin

}  // namespace

// new Acceptor(listenSocket, dispatcher, onError): begins as soon as the dispatcher has a member.
Acceptor::Acceptor(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Acceptor>(info), context_(info.Env(), "evenkeel.Acceptor") {
  Napi::Env env = info.Env();
  // Its descriptor is used, not a duplicate: serving a dead worker's queue must not fail for
  // EMFILE.
  listener_ = ListenSocket::From(info[0])->Open(env);
  socket_object_ = Napi::Persistent(info[0].As<Napi::Object>());
  dispatcher_ = Dispatcher::From(info[1]);
  if (!info[2].IsFunction()) throw Napi::TypeError::New(env, "Acceptor: onError expected");
  on_error_ = Napi::Persistent(info[2].As<Napi::Function>());
  dispatcher_object_ = Napi::Persistent(info[1].As<Napi::Object>());
  poll_ = std::make_unique<LoopHandle<uv_poll_t>>(
      env, this,
      [this](uv_loop_t* loop, uv_poll_t* poll) { return uv_poll_init(loop, poll, listener_); });
  timer_ = std::make_unique<LoopHandle<uv_timer_t>>(env, this, uv_timer_init);
  timer_->Unref();
  dispatcher_->Attach(this);
  Ref();  // not collected while the dispatcher points to it: Close() ends that
  if (dispatcher_->HasMembers()) Resume();
}

void Acceptor::Resume() {
  if (poll_->get() == nullptr) return;
  if (timer_->get() != nullptr) uv_timer_stop(timer_->get());
  // Fails only where the descriptor is polled twice, which its owner never does.
  uv_poll_start(poll_->get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<Acceptor*>(handle->data)->OnReadable();
  });
}

void Acceptor::Pause() {
  if (poll_->get() != nullptr) uv_poll_stop(poll_->get());
}

void Acceptor::PauseFor(uint64_t milliseconds) {
  Pause();
  if (timer_->get() == nullptr) return;
  uv_timer_start(
      timer_->get(), [](uv_timer_t* handle) { static_cast<Acceptor*>(handle->data)->Resume(); },
      milliseconds, 0);
}

void Acceptor::OnReadable() {
  for (int i = 0; i < kAcceptsPerTurn; i++) {
    if (!dispatcher_->HasMembers()) return Pause();  // Dispatcher::Add resumes
    if (!dispatcher_->CanSend()) return PauseFor(kCongestedMs);
    UniqueFd connection;
    try {
      connection = Accept(listener_);
    } catch (const SystemFailure& failure) {
      PauseFor(kExhaustedMs);
      return Report(failure);
    }
    if (!connection.valid()) return;
    dispatcher_->Offer(std::move(connection), 0, 0);
  }
}

void Acceptor::Close(const Napi::CallbackInfo&) {
  if (dispatcher_ == nullptr) return;
  poll_->Close();
  timer_->Close();
  socket_object_.Reset();
  dispatcher_->Detach(this);
  dispatcher_ = nullptr;
  dispatcher_object_.Reset();
  on_error_.Reset();  // a closure that leads back here
  Unref();
}

void Acceptor::Report(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Acceptor::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Acceptor",
              DefineClass(env, "Acceptor", {InstanceMethod("close", &Acceptor::Close)}));
}

}  // namespace evenkeel
