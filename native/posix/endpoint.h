#pragma once

#include <napi.h>
#include <uv.h>

#include <deque>
#include <functional>
#include <memory>

#include "../error.h"
#include "../loop_handle.h"
#include "message.h"

namespace evenkeel {

// One end of a channel on one loop: sends in order, waits where the kernel has no room, reads what
// comes. Used from its loop's thread only.
class Endpoint {
 public:
  struct Handlers {
    std::function<void(Message)> message;
    std::function<void(const SystemFailure&)> error;  // EPROTO: a malformed message was thrown away
  };

  Endpoint(Napi::Env env, UniqueFd fd, UniqueFd peer, Handlers handlers);
  ~Endpoint();

  // Begins reading. Not in the constructor: a handler may be called before it returns.
  void Start();
  // Keeps the order: behind a message that waits, this one waits too. False once closed.
  bool Send(Message message);
  // After the worker's death: what it sent last.
  std::deque<Message> Recover();

  void Close();
  int fd() const { return fd_.get(); }
  int peer() const { return peer_.get(); }

 private:
  void OnReadable();
  void OnTimer();
  void RetryIn(uint64_t milliseconds);
  void Fail(const SystemFailure& failure);

  UniqueFd fd_;
  UniqueFd peer_;  // primary: the worker's end, until the process has it
  Handlers handlers_;
  std::deque<Message> waiting_;
  bool reading_paused_ = false;
  LoopHandle<uv_poll_t> poll_;
  LoopHandle<uv_timer_t> timer_;
};

}  // namespace evenkeel
