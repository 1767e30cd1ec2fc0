#include "../poller.h"

#include <signal.h>
#include <sys/epoll.h>

#include "../error.h"

namespace evenkeel {
namespace {

constexpr int kEventsAtOnce = 64;

}  // namespace

std::thread StartThread(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

// EPOLLEXCLUSIVE.
const bool Poller::kHasLine = true;

Poller::Poller() : bell_(Bell::Make()), waker_(Bell::Make()), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.valid()) ThrowErrno("epoll_create1");
  Watch(bell_.native().get(), kBell, Place::kFirst);
  Watch(waker_.native().get(), kWaker, Place::kFirst);
}

Poller::~Poller() = default;

void Poller::Watch(int socket, uint64_t id, Place place) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (place == Place::kLast) event.events |= EPOLLEXCLUSIVE;
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event) != 0) ThrowErrno("epoll_ctl");
}

// ENOENT: it was not watched.
void Poller::Unwatch(int socket) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr); }

const std::vector<uint64_t>& Poller::Wait(uint64_t timeout) {
  epoll_event events[kEventsAtOnce];
  // Rounded up: a deadline is never early. Below a millisecond it is a millisecond.
  const int ms = timeout == UINT64_MAX ? -1 : static_cast<int>((timeout + 999'999) / 1'000'000);
  // Fails only with EINTR; signals are blocked here, but a debugger may interrupt.
  const int count = epoll_wait(epoll_.get(), events, kEventsAtOnce, ms);
  ready_.clear();
  for (int i = 0; i < count; i++) {
    const uint64_t id = events[i].data.u64;
    if (id == kBell) bell_.Hear();
    if (id == kWaker) waker_.Hear();
    ready_.push_back(id);
  }
  return ready_;
}

}  // namespace evenkeel
