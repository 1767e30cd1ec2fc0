#include "../poller.h"

#include "../error.h"

namespace evenkeel {
namespace {

// Not in every header yet; Windows 10 1803.
constexpr DWORD kHighResolution = 0x00000002;  // CREATE_WAITABLE_TIMER_HIGH_RESOLUTION

}  // namespace

std::thread StartThread(std::function<void()> body) { return std::thread(std::move(body)); }

const bool Poller::kHasLine = false;

// One listening socket, and the wait for its event by a thread of the system's: who waits for many
// himself can do so for 64.
struct Poller::Watched {
  Poller* poller;
  uint64_t id;
  Event event;
  HANDLE wait = nullptr;
};

// Without a timer of such resolution deadlines are late by 15.6 ms.
Poller::Poller()
    : bell_(Bell::Make()),
      waker_(Bell::Make()),
      timer_(CreateWaitableTimerExW(nullptr, nullptr, kHighResolution, TIMER_ALL_ACCESS)) {}

Poller::~Poller() {
  while (!watched_.empty()) Unwatch(watched_.begin()->first);
}

void Poller::Watch(int socket, uint64_t id, Place) {
  auto watched = std::make_unique<Watched>();
  watched->poller = this;
  watched->id = id;
  watched->event = Event::Make(SecretName());
  const auto tell = [](void* data, BOOLEAN) {
    Watched* watched = static_cast<Watched*>(data);
    Poller* poller = watched->poller;
    {
      std::lock_guard<std::mutex> lock(poller->mutex_);
      poller->told_.push_back(watched->id);
    }
    poller->Wake();
  };
  if (!RegisterWaitForSingleObject(&watched->wait, watched->event.handle(), tell, watched.get(),
                                   INFINITE, WT_EXECUTEINWAITTHREAD)) {
    ThrowErrno("RegisterWaitForSingleObject");
  }
  // Set at once where a connection waits already.
  if (WSAEventSelect(socket, watched->event.handle(), FD_ACCEPT) != 0) {
    const int number = WSAGetLastError();
    UnregisterWaitEx(watched->wait, INVALID_HANDLE_VALUE);
    throw SystemFailure{number, "WSAEventSelect"};
  }
  watched_[socket] = std::move(watched);
}

void Poller::Unwatch(int socket) {
  auto found = watched_.find(socket);
  if (found == watched_.end()) return;
  WSAEventSelect(socket, nullptr, 0);  // fails only for what is no socket
  // Waits for a call that is under way.
  UnregisterWaitEx(found->second->wait, INVALID_HANDLE_VALUE);
  watched_.erase(found);
}

const std::vector<uint64_t>& Poller::Wait(uint64_t timeout) {
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
  ready_.clear();
  // What ended the wait is heard by that.
  const bool rung = which == WAIT_OBJECT_0 + 1;
  if (rung || waker_.native().Take()) ready_.push_back(kWaker);
  std::lock_guard<std::mutex> lock(mutex_);
  ready_.insert(ready_.end(), told_.begin(), told_.end());
  told_.clear();
  return ready_;
}

}  // namespace evenkeel
