#include "accept_loop.h"

#include "dispatcher.h"
#include "socket.h"

namespace evenkeel {
namespace {

constexpr int kAcceptsPerTurn = 64;  // then the reactor's other work gets its turn
// No accept queue is longer; who connects meanwhile shall not keep it from ending.
constexpr int kMostAtTheEnd = 4096;
// EMFILE, ENOMEM: a level-triggered poll would spin.
constexpr uint64_t kExhaustedNs = 50ull * 1000 * 1000;

}  // namespace

AcceptLoop::AcceptLoop(std::shared_ptr<Reactor> reactor, int listener, Dispatcher* dispatcher,
                       OnFailed on_failed)
    : reactor_(std::move(reactor)),
      listener_(listener),
      dispatcher_(dispatcher),
      on_failed_(std::move(on_failed)) {
  reactor_->Add(this);
  dispatcher_->Attach(this);
}

AcceptLoop::~AcceptLoop() {
  if (polled_) reactor_->Unwatch(listener_);
  reactor_->Remove(this);
  dispatcher_->Detach(this);
}

void AcceptLoop::SetMode(Mode mode) {
  if (mode == mode_) return;
  mode_ = mode;
  if (mode != Mode::kOff) return Run();
  Poll(false);  // cannot fail
  congested_ = false;
  reactor_->SetDeadline(this, kNever);
}

void AcceptLoop::Finish() {
  SetMode(Mode::kOff);
  try {
    dispatcher_->Look();
    for (int i = 0; i < kMostAtTheEnd; i++) {
      UniqueFd connection = Accept(listener_);
      if (!connection.valid()) break;
      accepted_++;
      dispatcher_->Place(std::move(connection), false);
    }
  } catch (const SystemFailure& failure) {
    reactor_->Report(this, failure);
  }
  dispatcher_->Settle();
}

void AcceptLoop::Run() {
  if (mode_ == Mode::kOff) return;
  try {
    Poll(AcceptSome());
  } catch (const SystemFailure& failure) {
    Poll(false);
    reactor_->SetDeadline(this, uv_hrtime() + kExhaustedNs);
    reactor_->Report(this, failure);
  }
  dispatcher_->Settle();
}

// True: what comes next is to be polled for. False: the dispatcher calls when it has room.
bool AcceptLoop::AcceptSome() {
  const bool to_idle = mode_ == Mode::kToIdle;
  dispatcher_->Look();
  for (int i = 0; i < kAcceptsPerTurn; i++) {
    congested_ = !dispatcher_->HasRoom(to_idle);
    if (congested_) return false;
    UniqueFd connection = Accept(listener_);
    if (!connection.valid()) return true;
    accepted_++;
    dispatcher_->Place(std::move(connection), to_idle);
  }
  return true;
}

void AcceptLoop::Poll(bool poll) {
  if (poll == polled_) return;
  if (poll) {
    reactor_->Watch(this, listener_);
  } else {
    reactor_->Unwatch(listener_);
  }
  polled_ = poll;
}

}  // namespace evenkeel
