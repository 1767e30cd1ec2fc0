#pragma once

#include <napi.h>
#include <uv.h>

#include <functional>
#include <memory>

#include "bell.h"
#include "loop_handle.h"

#ifdef _WIN32
#include "win/event_watch.h"
#include "win/socket_watcher.h"
#endif

namespace evenkeel {

// A gate in the loop's own poll: open, the loop is woken for connections that wait at the socket.
//
// On Linux it is polled on the loop's epoll with EPOLLEXCLUSIVE (epoll_ctl(2)): of all workers
// asleep the kernel wakes one. libuv registers it first, without that flag, and does not touch it
// again; Settle(), before each sleep, then takes it out, and from there on the flag is what opening
// and closing means. On Windows every open gate is woken, and closed by that until it is decided
// anew: see win/socket_watcher.h.
class GatePoll {
 public:
  enum class State {
    kUnsettled,  // not yet a gate: to be settled in the next turn
    kOpen,
    kClosed,
  };
  using OnReady = std::function<void(int status)>;

  // Where gates cannot be had here. Throws SystemFailure.
  static void Probe(const uv_loop_t* loop);

  // `on_ready`: with 0, a connection may wait; with a negative errno of libuv's, it cannot be
  // polled. Does not keep the loop alive. Throws Napi::Error.
  GatePoll(Napi::Env env, int socket, OnReady on_ready);
  ~GatePoll() { Close(); }
  GatePoll(const GatePoll&) = delete;
  GatePoll& operator=(const GatePoll&) = delete;

  State state() const { return state_; }
  // Before the loop sleeps. False: it is to be tried in the next turn, at once. Throws
  // SystemFailure.
  bool Settle();
  // An opened one tells at once of what waits already. Nothing while it is kUnsettled. Throws
  // SystemFailure, and stays as it is.
  void SetOpen(bool open);
  // Before the socket is closed.
  void Close();

 private:
  int socket_;
  OnReady on_ready_;
  State state_ = State::kUnsettled;
#ifdef _WIN32
  static void OnCleanup(void* poll);
  void OnAsync();

  napi_env env_ = nullptr;
  std::shared_ptr<SocketWatcher> watcher_;  // null: closed
  std::unique_ptr<LoopHandle<uv_async_t>> async_;
#else
  std::unique_ptr<LoopHandle<uv_poll_t>> poll_;
#endif
};

// A bell on the loop.
class BellWatch {
 public:
  // `on_rung` is called on the loop; it hears the bell. Does not keep the loop alive. Throws
  // Napi::Error or SystemFailure.
  BellWatch(Napi::Env env, Bell bell, std::function<void()> on_rung);
  ~BellWatch() { Close(); }
  BellWatch(const BellWatch&) = delete;
  BellWatch& operator=(const BellWatch&) = delete;
  const Bell& bell() const { return bell_; }
  void Close();

 private:
  Bell bell_;
  std::function<void()> on_rung_;
#ifdef _WIN32
  EventWatch watch_;
#else
  std::unique_ptr<LoopHandle<uv_poll_t>> poll_;
#endif
};

}  // namespace evenkeel
