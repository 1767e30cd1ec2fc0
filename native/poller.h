#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "bell.h"
#include "unique_fd.h"

#ifdef _WIN32
#include <map>
#include <memory>
#include <mutex>

#include "win/event.h"
#include "win/socket_watcher.h"
#endif

namespace evenkeel {

// Starts a thread to which no signal is delivered: those are the main thread's. Throws
// std::system_error.
std::thread StartThread(std::function<void()> body);

// Waits for sockets and two bells. One thread waits; others may watch, unwatch and ring meanwhile.
class Poller {
 public:
  enum class Place {
    kFirst,
    // Behind others who poll the socket exclusively: told when none of these sleeps. Where the
    // system has no such order, told with them.
    kLast,
  };
  // Whether kLast means anything here.
  static const bool kHasLine;

  // What Wait() calls its own; who watches has numbers behind.
  static constexpr uint64_t kBell = 0;
  static constexpr uint64_t kWaker = 1;

  // Throws SystemFailure.
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // From now on Wait() tells `id` as long as a connection waits at the listening socket, or has
  // come since it was last told. Throws SystemFailure.
  void Watch(int socket, uint64_t id, Place place);
  void Unwatch(int socket);
  // Whose turn it is, by number; bells have been heard. `timeout` in ns; UINT64_MAX: no end.
  const std::vector<uint64_t>& Wait(uint64_t timeout);
  // Ends Wait().
  void Wake() { bell_.Ring(); }
  // What other processes ring.
  const Bell& waker() const { return waker_; }

 private:
  Bell bell_;   // for ourselves
  Bell waker_;  // for the workers, who may ring it as they like
  std::vector<uint64_t> ready_;
#ifdef _WIN32
  struct Watched {
    uint64_t id;
    bool told;  // since the last Wait()
  };
  void Arm(int socket);
  bool WaitForBells(uint64_t timeout);

  UniqueHandle timer_;
  std::shared_ptr<SocketWatcher> watcher_;
  // Held from the look whether a socket is watched to its arming, and while it ceases to be: armed
  // later, it would be so for ever. Taken before the others, and never by the watcher's thread.
  std::mutex arming_;
  std::mutex mutex_;
  std::map<int, Watched> watched_;  // by socket
  std::vector<int> told_;           // by the last Wait()
#else
  UniqueFd epoll_;
#endif
};

}  // namespace evenkeel
