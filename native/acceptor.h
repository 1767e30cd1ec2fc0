#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "dispatcher.h"
#include "error.h"
#include "loop_handle.h"

namespace evenkeel {

// Accepts from one listening socket in the primary and offers each connection to a dispatcher.
// Accepts only what can be sent on: the rest waits in the accept queue, where nothing is lost with
// a worker.
class Acceptor : public Napi::ObjectWrap<Acceptor> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Acceptor(const Napi::CallbackInfo& info);

  void Resume();

 private:
  void OnReadable();
  void PauseFor(uint64_t milliseconds);
  void Pause();
  void Close(const Napi::CallbackInfo& info);
  void Report(const SystemFailure& failure);

  int listener_;  // the ListenSocket's, open as long as this polls it
  Dispatcher* dispatcher_;
  Napi::ObjectReference socket_object_;      // keeps listener_ open
  Napi::ObjectReference dispatcher_object_;  // keeps dispatcher_ alive
  Napi::AsyncContext context_;
  Napi::FunctionReference on_error_;
  std::unique_ptr<LoopHandle<uv_poll_t>> poll_;
  std::unique_ptr<LoopHandle<uv_timer_t>> timer_;
};

}  // namespace evenkeel
