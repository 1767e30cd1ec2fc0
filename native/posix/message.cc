#include "message.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "../error.h"

namespace evenkeel {
namespace {

constexpr uint32_t kMagic = 0x4d764b31;  // "EvKM" with a version
constexpr int kMaxFds = 253;             // SCM_MAX_FD: a foreign message may carry this many

struct Header {
  uint32_t magic;
  uint8_t type;
  uint8_t hops;
  uint16_t fds;  // descriptors that come with it: 0 or 1
  uint32_t lease;
  uint32_t length;
};

// Takes every descriptor out of a received message, so that what is not wanted is closed.
UniqueFd TakeFds(msghdr* header, int* count) {
  UniqueFd first;
  *count = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < n; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
      UniqueFd owned(fd);
      if ((*count)++ == 0) first = std::move(owned);
    }
  }
  return first;
}

bool KnownType(uint8_t type) {
  return type >= static_cast<uint8_t>(MessageType::kHello) &&
         type <= static_cast<uint8_t>(MessageType::kLend);
}

// The kernel drops a descriptor it finds no number for and only sets MSG_CTRUNC: a connection would
// be lost. So make sure of a free number first, and leave the message where it is without one.
bool HasSpareFd(int channel) {
  UniqueFd spare(fcntl(channel, F_DUPFD_CLOEXEC, 0));
  if (spare.valid()) return true;
  if (errno != EMFILE && errno != ENFILE) ThrowErrno("fcntl");
  return false;
}

// Looks at the next message without taking it, or any descriptor of it.
bool NextCarriesFd(int channel) {
  Header header{};
  const ssize_t size = recv(channel, &header, sizeof header, MSG_PEEK | MSG_DONTWAIT);
  return size == static_cast<ssize_t>(sizeof header) && header.magic == kMagic && header.fds > 0;
}

// recvmsg(2) returns 0 at the end, and for an empty message too.
bool IsHungUp(int channel) {
  pollfd entry{channel, POLLIN | POLLRDHUP, 0};
  return poll(&entry, 1, 0) < 0 || (entry.revents & (POLLHUP | POLLRDHUP)) != 0;
}

}  // namespace

SendResult SendNow(int socket, const msghdr* out) {
  for (;;) {
    if (sendmsg(socket, out, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return SendResult::kSent;
    switch (errno) {
      case EINTR:
        continue;
      case EAGAIN:
      case ENOBUFS:
      case ENOMEM:
      case ETOOMANYREFS:  // descriptors in flight above RLIMIT_NOFILE: ends when somebody receives
        return SendResult::kAgain;
      case EPIPE:
      case ECONNRESET:
      case ENOTCONN:
        return SendResult::kClosed;
      default:
        ThrowErrno("sendmsg");
    }
  }
}

SendResult Send(int channel, const Message& message) {
  Header header{};
  header.magic = kMagic;
  header.type = static_cast<uint8_t>(message.type);
  header.hops = message.hops;
  header.fds = message.fd.valid() ? 1 : 0;
  header.lease = message.lease;
  header.length = static_cast<uint32_t>(message.payload.size());
  iovec parts[2] = {{&header, sizeof header},
                    {const_cast<char*>(message.payload.data()), message.payload.size()}};
  msghdr out{};
  out.msg_iov = parts;
  out.msg_iovlen = 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (message.fd.valid()) {
    out.msg_control = control;
    out.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&out);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = message.fd.get();
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  return SendNow(channel, &out);
}

ReceiveResult Receive(int channel, Message* message) {
  if (!HasSpareFd(channel) && NextCarriesFd(channel)) return ReceiveResult::kNoFd;
  Header header{};
  static thread_local char buffer[kMaxPayload];
  iovec parts[2] = {{&header, sizeof header}, {buffer, sizeof buffer}};
  msghdr in{};
  in.msg_iov = parts;
  in.msg_iovlen = 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)];
  in.msg_control = control;
  in.msg_controllen = sizeof control;
  ssize_t received;
  do {
    received = recvmsg(channel, &in, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) {
    if (errno == EAGAIN) return ReceiveResult::kNone;
    if (errno == ECONNRESET) return ReceiveResult::kClosed;
    ThrowErrno("recvmsg");
  }
  int fds = 0;
  UniqueFd fd = TakeFds(&in, &fds);
  if (received == 0 && fds == 0 && IsHungUp(channel)) return ReceiveResult::kClosed;
  const size_t size = static_cast<size_t>(received);
  if (size < sizeof header || header.magic != kMagic || !KnownType(header.type) ||
      fds != header.fds || fds > 1 || header.length != size - sizeof header ||
      (in.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return ReceiveResult::kMalformed;
  }
  message->type = static_cast<MessageType>(header.type);
  message->hops = header.hops;
  message->lease = header.lease;
  message->payload.assign(buffer, header.length);
  message->fd = std::move(fd);
  return ReceiveResult::kMessage;
}

void CloseOnExec(int fd) {
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) ThrowErrno("fcntl");
}

void MakeChannel(UniqueFd* one, UniqueFd* other) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    ThrowErrno("socketpair");
  }
  one->reset(ends[0]);
  other->reset(ends[1]);
}

}  // namespace evenkeel
