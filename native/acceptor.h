#pragma once

#include <napi.h>

#include <memory>

#include "accept_loop.h"

namespace evenkeel {

// JavaScript's owner of an accept loop that serves one listening socket.
class Acceptor : public Napi::ObjectWrap<Acceptor> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Acceptor(const Napi::CallbackInfo& info);
  ~Acceptor() override;

 private:
  void Finish(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void CloseNow();
  void Report(const SystemFailure& failure);

  std::shared_ptr<Reactor> reactor_;
  Napi::ObjectReference socket_object_;      // keeps the descriptor open
  Napi::ObjectReference dispatcher_object_;  // keeps the dispatcher alive
  Napi::AsyncContext context_;
  Napi::FunctionReference on_error_;
  std::unique_ptr<AcceptLoop> loop_;
};

}  // namespace evenkeel
