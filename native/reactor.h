#pragma once

#include <napi.h>
#include <uv.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "error.h"
#include "loop_handle.h"
#include "poller.h"

namespace evenkeel {

constexpr uint64_t kNever = UINT64_MAX;

// The primary's one native thread: waits for descriptors and deadlines of its sources and runs
// them. It enters no JavaScript, so it goes on while the primary's loop is busy. One mutex guards
// every source: the thread holds it while it runs them, the loop's thread while it changes them
// (Lock()).
class Reactor {
 public:
  class Source {
   public:
    virtual ~Source() = default;
    // On the reactor's thread, locked.
    virtual void OnReadable() {}
    virtual void OnDeadline() {}
    // A worker rang the waker.
    virtual void OnWaker() {}
    // On the loop's thread, unlocked.
    virtual void OnFailure(const SystemFailure&) {}
    virtual void OnPost() {}

   private:
    friend class Reactor;
    uint64_t id_ = 0;
    uint64_t deadline_ = kNever;
  };

  // The environment's; made, and its thread begun, on first use. Throws Napi::Error.
  static std::shared_ptr<Reactor> Of(Napi::Env env);
  explicit Reactor(Napi::Env env);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  std::unique_lock<std::mutex> Lock() { return std::unique_lock<std::mutex>(mutex_); }

  // All of these: locked. A source is the caller's, and removed before it ends.
  void Add(Source* source);
  void Remove(Source* source);
  // Calls OnReadable() from now on; see Poller::Watch(). Throws SystemFailure.
  void Watch(Source* source, int socket, Poller::Place place = Poller::Place::kFirst);
  void Unwatch(int socket);
  // Calls OnDeadline() once, at that time of uv_hrtime(). kNever: not.
  void SetDeadline(Source* source, uint64_t time);
  // Has OnFailure() called.
  void Report(Source* source, const SystemFailure& failure);
  // Has OnPost() called.
  void Post(Source* source);
  // What workers ring.
  const Bell& waker() const { return poller_.waker(); }
  // The thread is over: the environment ends.
  bool stopped() const { return stopping_; }

 private:
  static void OnCleanup(void* reactor);
  void Run();
  void Stop();
  void Deliver();
  uint64_t NextDeadline() const;

  std::mutex mutex_;
  Poller poller_;
  bool stopping_ = false;
  uint64_t sleeping_until_ = 0;  // 0: not asleep
  uint64_t last_id_ = Poller::kWaker;
  std::map<uint64_t, Source*> sources_;
  struct Message {
    uint64_t to;
    std::optional<SystemFailure> failure;
  };
  void Send(Message message);

  std::deque<Message> messages_;
  std::unique_ptr<LoopHandle<uv_async_t>> async_;
  napi_env env_;
  std::thread thread_;
};

}  // namespace evenkeel
