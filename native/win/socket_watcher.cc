#include "socket_watcher.h"

#include <ws2tcpip.h>

#include <chrono>
#include <system_error>
#include <vector>

#include "../error.h"

namespace evenkeel {
namespace {

// For a datagram to itself, on a machine that is busy.
constexpr int kLongestMs = 5000;

// WSAPoll() waits for sockets only.
UniqueFd SocketToItself() {
  // Overlapped: what one thread waits for must not keep others from sending.
  const SOCKET socket = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0,
                                   WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (socket == INVALID_SOCKET) ThrowErrno("WSASocket");
  UniqueFd fd(static_cast<int>(socket));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* name = reinterpret_cast<sockaddr*>(&address);
  int length = sizeof address;
  u_long on = 1;
  if (bind(socket, name, length) != 0) ThrowErrno("bind");
  if (getsockname(socket, name, &length) != 0) ThrowErrno("getsockname");
  if (connect(socket, name, length) != 0) ThrowErrno("connect");
  // Where something on this machine lets nothing through, that is better known now.
  WSAPOLLFD entry{socket, POLLRDNORM, 0};
  char byte = 0;
  if (send(socket, &byte, 1, 0) != 1) ThrowErrno("send");
  if (WSAPoll(&entry, 1, kLongestMs) <= 0) throw SystemFailure{WSAETIMEDOUT, "WSAPoll"};
  if (recv(socket, &byte, 1, 0) != 1) ThrowErrno("recv");
  if (ioctlsocket(socket, FIONBIO, &on) != 0) ThrowErrno("ioctlsocket");
  return fd;
}

}  // namespace

std::shared_ptr<SocketWatcher> SocketWatcher::OfProcess() {
  static std::mutex mutex;
  static std::weak_ptr<SocketWatcher> existing;
  std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<SocketWatcher> watcher = existing.lock();
  if (watcher == nullptr) existing = watcher = std::make_shared<SocketWatcher>();
  return watcher;
}

SocketWatcher::SocketWatcher() : waker_(SocketToItself()) {
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    throw SystemFailure{ERROR_NOT_ENOUGH_MEMORY, "CreateThread"};
  }
}

SocketWatcher::~SocketWatcher() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
}

// Where it cannot be sent, one that was sent before has not been received.
void SocketWatcher::Wake() { send(waker_.get(), "", 1, 0); }

void SocketWatcher::Arm(int socket, std::function<void()> on_ready) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    armed_[socket] = std::move(on_ready);
  }
  Wake();
}

void SocketWatcher::Disarm(int socket) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (armed_.erase(socket) == 0) return;  // told already: not polled
  const uint64_t round = rounds_;
  // Again and again: no datagram is sure to arrive.
  do {
    Wake();
  } while (!polled_.wait_for(lock, std::chrono::milliseconds(20),
                             [&] { return rounds_ != round || stopping_; }));
}

void SocketWatcher::Run() {
  std::vector<WSAPOLLFD> entries;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    entries.clear();
    entries.push_back({static_cast<SOCKET>(waker_.get()), POLLRDNORM, 0});
    for (const auto& [socket, on_ready] : armed_) {
      entries.push_back({static_cast<SOCKET>(socket), POLLRDNORM, 0});
    }
    lock.unlock();
    // Fails only for want of memory: tried again, for ever.
    if (WSAPoll(entries.data(), static_cast<ULONG>(entries.size()), -1) < 0) Sleep(1);
    lock.lock();
    rounds_++;
    polled_.notify_all();
    char bytes[64];
    while (recv(waker_.get(), bytes, sizeof bytes, 0) > 0) continue;
    for (size_t i = 1; i < entries.size(); i++) {
      if (entries[i].revents == 0) continue;
      auto found = armed_.find(static_cast<int>(entries[i].fd));
      if (found == armed_.end()) continue;
      const std::function<void()> on_ready = std::move(found->second);
      armed_.erase(found);
      on_ready();  // locked, so that Disarm() waits for its end
    }
  }
}

}  // namespace evenkeel
