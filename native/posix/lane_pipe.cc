#include "../lane_pipe.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "../error.h"
#include "../socket.h"
#include "message.h"

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

}  // namespace

LanePipe::LanePipe(const Bell&) { MakeChannel(&in_, &out_); }

void LanePipe::SetWorker(uint32_t) {}

SendResult LanePipe::Send(Burst* burst) {
  const SendResult result = SendBurst(out_.get(), *burst);
  // The kernel holds its own references from here on.
  if (result == SendResult::kSent) *burst = Burst{};
  return result;
}

ReceiveResult LanePipe::TakeBack(Burst* burst) {
  return in_.valid() ? ReceiveBurst(in_.get(), burst) : ReceiveResult::kClosed;
}

bool LanePipe::IsEmpty() const {
  char byte;
  return recv(in_.get(), &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) < 0;
}

void LanePipe::Tend() {}

bool LanePipe::HasRefused() const { return false; }

bool LanePipe::CanSend() const { return out_.valid(); }

void LanePipe::StopSending() { out_.reset(); }

void LanePipe::SetDead() {}

Token LanePipe::Share() const { return Duplicate(in_.get()); }

void LanePipe::Close() {
  out_.reset();
  in_.reset();
}

LaneOutlet::LaneOutlet(Napi::Env env, Token token, std::function<void()> on_ready)
    : on_ready_(std::move(on_ready)), fd_(std::move(token)) {
  poll_ = std::make_unique<LoopHandle<uv_poll_t>>(
      env, this,
      [this](uv_loop_t* loop, uv_poll_t* poll) { return uv_poll_init(loop, poll, fd_.get()); });
}

void LaneOutlet::Start() {
  if (poll_->get() == nullptr) return;
  // Fails only where the descriptor is polled twice.
  uv_poll_start(poll_->get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<LaneOutlet*>(handle->data)->on_ready_();
  });
  poll_->Unref();
}

void LaneOutlet::Pause() {
  if (poll_->get() != nullptr) uv_poll_stop(poll_->get());
}

ReceiveResult LaneOutlet::Receive(Burst* burst) { return ReceiveBurst(fd_.get(), burst); }

bool LaneOutlet::IsOpen() const { return fd_.valid(); }

void LaneOutlet::Close() {
  // The poll goes before its descriptor, see Endpoint::Close().
  poll_->Close();
  fd_.reset();
}

}  // namespace evenkeel
