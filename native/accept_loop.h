#pragma once

#include <functional>
#include <memory>

#include "error.h"
#include "reactor.h"

namespace evenkeel {

class Dispatcher;

// Accepts from one listening socket in the primary, on the reactor's thread, and gives each
// connection to a dispatcher. Accepts only what can be sent on: the rest waits in the accept queue,
// where nothing is lost with a worker.
class AcceptLoop : private Reactor::Source {
 public:
  enum class Mode {
    kOff,
    kToIdle,  // only what can go to a worker that sleeps
    kToAll,
  };
  using OnFailed = std::function<void(const SystemFailure&)>;

  // Everything here is the caller's, and outlives this. `on_failed` is called on the loop's thread.
  // All of these: locked.
  AcceptLoop(std::shared_ptr<Reactor> reactor, int listener, Dispatcher* dispatcher,
             OnFailed on_failed);
  ~AcceptLoop() override;
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

  void SetMode(Mode mode);
  // Gives what waits now to the dispatcher, room or not, and accepts no more.
  void Finish();
  Mode mode() const { return mode_; }
  // Connections accepted; wraps.
  uint32_t accepted() const { return accepted_; }
  // More may wait than could be sent on.
  bool IsCongested() const { return congested_; }
  void Run();

 private:
  void OnReadable() override { Run(); }
  void OnDeadline() override { Run(); }
  void OnFailure(const SystemFailure& failure) override { on_failed_(failure); }
  bool AcceptSome();
  void Poll(bool poll);

  std::shared_ptr<Reactor> reactor_;
  int listener_;
  Dispatcher* dispatcher_;
  OnFailed on_failed_;
  Mode mode_ = Mode::kOff;
  bool polled_ = false;
  bool congested_ = false;
  uint32_t accepted_ = 0;
};

}  // namespace evenkeel
