#pragma once

#include <napi.h>

#include <memory>

#include "endpoint.h"

namespace evenkeel {

// JavaScript's view of a channel's end.
class Channel : public Napi::ObjectWrap<Channel> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Channel(const Napi::CallbackInfo& info);

 private:
  void Start(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value ReceiveNow(const Napi::CallbackInfo& info);
  Napi::Value Recover(const Napi::CallbackInfo& info);
  Napi::Value PeerFd(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void Deliver(Message message);
  void Report(const SystemFailure& failure);

  bool open_ = true;
  std::shared_ptr<Endpoint> endpoint_;
  Napi::AsyncContext context_;
  Napi::FunctionReference on_message_;
  Napi::FunctionReference on_error_;
};

}  // namespace evenkeel
