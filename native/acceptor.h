#pragma once

#include <napi.h>

#include <memory>

#include "dispatcher.h"
#include "error.h"
#include "posix/reactor.h"

namespace evenkeel {

// Accepts from one listening socket in the primary, on the reactor's thread, and gives each
// connection to a dispatcher. Accepts only what can be sent on: the rest waits in the accept queue,
// where nothing is lost with a worker.
class Acceptor : public Napi::ObjectWrap<Acceptor>, private Reactor::Source {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Acceptor(const Napi::CallbackInfo& info);
  ~Acceptor() override;

  // The dispatcher's side. Locked.
  bool IsCongested() const { return congested_; }
  void Run();

 private:
  void OnReadable() override { Run(); }
  void OnDeadline() override { Run(); }
  void OnFailure(const SystemFailure& failure) override;
  bool AcceptSome();
  void Poll(bool poll);
  void Close(const Napi::CallbackInfo& info);
  void CloseNow();

  std::shared_ptr<Reactor> reactor_;
  int listener_ = -1;  // the ListenSocket's, open as long as this polls it
  Dispatcher* dispatcher_ = nullptr;
  bool polled_ = false;
  bool congested_ = false;                   // more may wait than could be sent on
  Napi::ObjectReference socket_object_;      // keeps listener_ open
  Napi::ObjectReference dispatcher_object_;  // keeps dispatcher_ alive
  Napi::AsyncContext context_;
  Napi::FunctionReference on_error_;
};

}  // namespace evenkeel
