#pragma once

#include <winsock2.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "../unique_fd.h"

namespace evenkeel {

// Tells when a connection waits at a listening socket: one thread of the process, in WSAPoll().
//
// Several processes watch the same socket, which is what the better known ways cannot: a socket has
// one registration of WSAEventSelect() in all of them together, and polls by libuv are exclusive,
// so that two processes would cancel each other's without end.
class SocketWatcher {
 public:
  // The process's; the thread is there as long as somebody has it. Throws SystemFailure.
  static std::shared_ptr<SocketWatcher> OfProcess();
  SocketWatcher();
  ~SocketWatcher();
  SocketWatcher(const SocketWatcher&) = delete;
  SocketWatcher& operator=(const SocketWatcher&) = delete;

  // Calls `on_ready` on the thread as soon as a connection waits, once: then it is to be armed
  // again. `on_ready` must not arm or disarm.
  void Arm(int socket, std::function<void()> on_ready);
  // It is not called any more, and the socket may be closed.
  void Disarm(int socket);

 private:
  void Run();
  void Wake();

  std::mutex mutex_;
  std::condition_variable polled_;
  std::map<int, std::function<void()>> armed_;  // by socket
  UniqueFd waker_;                              // a UDP socket that is connected to itself
  uint64_t rounds_ = 0;                         // polls that have ended
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace evenkeel
