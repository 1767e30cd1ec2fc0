#pragma once

#include <napi.h>

#include "socket.h"

namespace evenkeel {

// JavaScript's owner of one listening socket.
class ListenSocket : public Napi::ObjectWrap<ListenSocket> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit ListenSocket(const Napi::CallbackInfo& info);
  // The ListenSocket inside a JavaScript argument, or a TypeError.
  static ListenSocket* From(const Napi::Value& value);
  // Its descriptor. Throws EBADF where it is closed.
  int Open(Napi::Env env) const;
  // A duplicate for an owner of its own. Throws where the socket is closed or no fd is left.
  UniqueFd Share(Napi::Env env) const;

 private:
  struct Made {
    UniqueFd fd;
    int backlog;
  };

  Napi::Value GetFd(const Napi::CallbackInfo& info);
  Napi::Value GetAddress(const Napi::CallbackInfo& info);
  Napi::Value GetIpv6Only(const Napi::CallbackInfo& info);
  void OpenToMembers(const Napi::CallbackInfo& info);
  Napi::Value Member(const Napi::CallbackInfo& info);
  Napi::Value GetQueueLength(const Napi::CallbackInfo& info);
  Napi::Value AcceptOne(const Napi::CallbackInfo& info);
  Napi::Value ShareFd(const Napi::CallbackInfo& info);
  void Defer(const Napi::CallbackInfo& info);
  Napi::Value Retire(const Napi::CallbackInfo& info);
  Napi::Value GetIsOthers(const Napi::CallbackInfo& info);
  void Own(const Napi::CallbackInfo& info);
  void NoDelay(const Napi::CallbackInfo& info);
  void DetachProgram(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  UniqueFd fd_;
  int backlog_ = 511;
  // Somebody else listens on it too, and goes on when we end: nothing is left behind on it.
  bool is_others_ = false;
};

}  // namespace evenkeel
