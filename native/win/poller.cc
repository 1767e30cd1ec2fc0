#include "../poller.h"

#include "../error.h"
#include "socket_watcher.h"

namespace evenkeel {
namespace {

// CREATE_WAITABLE_TIMER_HIGH_RESOLUTION: not in every header yet; Windows 10 1803.
constexpr DWORD kHighResolution = 0x00000002;

}  // namespace

std::thread StartThread(std::function<void()> body) { return std::thread(std::move(body)); }

const bool Poller::kHasLine = false;

// Without a timer of such resolution deadlines are late by 15.6 ms.
Poller::Poller()
    : bell_(Bell::Make()),
      waker_(Bell::Make()),
      timer_(CreateWaitableTimerExW(nullptr, nullptr, kHighResolution, TIMER_ALL_ACCESS)),
      watcher_(SocketWatcher::OfProcess()) {}

Poller::~Poller() {
  for (const auto& [socket, watched] : watched_) watcher_->Disarm(socket);
}

void Poller::Watch(int socket, uint64_t id, Place) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    watched_[socket] = {id, false};
  }
  Arm(socket);
}

void Poller::Unwatch(int socket) {
  std::lock_guard<std::mutex> arming(arming_);
  watcher_->Disarm(socket);
  std::lock_guard<std::mutex> lock(mutex_);
  watched_.erase(socket);
}

void Poller::Arm(int socket) {
  watcher_->Arm(socket, [this, socket] {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      auto found = watched_.find(socket);
      if (found == watched_.end()) return;
      found->second.told = true;
    }
    Wake();
  });
}

const std::vector<uint64_t>& Poller::Wait(uint64_t timeout) {
  // Who was told last time is told again, if there is still a connection.
  for (const int socket : told_) {
    std::lock_guard<std::mutex> arming(arming_);
    mutex_.lock();
    const bool watched = watched_.count(socket) != 0;
    mutex_.unlock();
    if (watched) Arm(socket);
  }
  told_.clear();
  ready_.clear();
  if (WaitForBells(timeout)) ready_.push_back(kWaker);
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [socket, watched] : watched_) {
    if (!watched.told) continue;
    watched.told = false;
    told_.push_back(socket);
    ready_.push_back(watched.id);
  }
  return ready_;
}

// True where the waker rang.
bool Poller::WaitForBells(uint64_t timeout) {
  HANDLE handles[] = {bell_.native().handle(), waker_.native().handle(), timer_.get()};
  DWORD count = 2;
  DWORD ms = INFINITE;
  if (timeout != UINT64_MAX) {
    // In 100 ns, negative: from now on. Rounded up: a deadline is never early.
    LARGE_INTEGER due;
    due.QuadPart = -static_cast<LONGLONG>((timeout + 99) / 100);
    if (timeout > 0 && timer_.valid() &&
        SetWaitableTimer(timer_.get(), &due, 0, nullptr, nullptr, FALSE)) {
      count = 3;
    } else {
      ms = static_cast<DWORD>((timeout + 999'999) / 1'000'000);
    }
  }
  const DWORD which = WaitForMultipleObjects(count, handles, FALSE, ms);
  // What ended the wait is heard by that.
  return which == WAIT_OBJECT_0 + 1 || waker_.native().Take();
}

}  // namespace evenkeel
