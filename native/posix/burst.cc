#include "../burst.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "../error.h"

namespace evenkeel {
namespace {

constexpr uint32_t kMagic = 0x4c764b31;  // "EvKL" with a version

struct Header {
  uint32_t magic;
  uint32_t lease;
  uint16_t count;
  uint8_t hops;
  uint8_t reserved;
};

}  // namespace

void MakeLane(UniqueFd* in, UniqueFd* out) { MakeChannel(in, out); }

SendResult SendBurst(int lane, const Burst& burst) {
  Header header{kMagic, burst.lease, static_cast<uint16_t>(burst.count), burst.hops, 0};
  iovec part{&header, sizeof header};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxBurst)] = {};
  msghdr out{};
  out.msg_iov = &part;
  out.msg_iovlen = 1;
  if (burst.count == 0) return SendNow(lane, &out);
  out.msg_control = control;
  out.msg_controllen = CMSG_SPACE(sizeof(int) * burst.count);
  cmsghdr* c = CMSG_FIRSTHDR(&out);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int) * burst.count);
  int fds[kMaxBurst];
  for (uint32_t i = 0; i < burst.count; i++) fds[i] = burst.fds[i].get();
  memcpy(CMSG_DATA(c), fds, sizeof(int) * burst.count);
  return SendNow(lane, &out);
}

bool IsEmpty(int lane) {
  char byte;
  return recv(lane, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) < 0;
}

ReceiveResult ReceiveBurst(int lane, Burst* burst) {
  *burst = Burst{};
  Header header{};
  iovec part{&header, sizeof header};
  // What a lane carries is ours alone: nobody else has its sending end.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxBurst)];
  msghdr in{};
  in.msg_iov = &part;
  in.msg_iovlen = 1;
  in.msg_control = control;
  in.msg_controllen = sizeof control;
  ssize_t received;
  do {
    received = recvmsg(lane, &in, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) {
    if (errno == EAGAIN) return ReceiveResult::kNone;
    if (errno == ECONNRESET) return ReceiveResult::kClosed;
    ThrowErrno("recvmsg");
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&in); c != nullptr; c = CMSG_NXTHDR(&in, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < n; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
      UniqueFd taken(fd);
      if (burst->count < kMaxBurst) burst->fds[burst->count++] = std::move(taken);
    }
  }
  if (received == 0 && burst->count == 0) return ReceiveResult::kClosed;
  if (received != sizeof header || header.magic != kMagic) return ReceiveResult::kMalformed;
  burst->lease = header.lease;
  burst->hops = header.hops;
  burst->lost = header.count > burst->count ? header.count - burst->count : 0;
  return ReceiveResult::kMessage;
}

}  // namespace evenkeel
