#include "../gate_poll.h"

#include <sys/epoll.h>

#include <cerrno>

#include "../error.h"

namespace evenkeel {
namespace {

int EpollCtl(const uv_loop_t* loop, int operation, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  event.data.fd = fd;  // as libuv: it finds the watcher by this
  return epoll_ctl(uv_backend_fd(loop), operation, fd, &event);
}

}  // namespace

// Whether the loop polls with epoll, and the kernel knows EPOLLEXCLUSIVE (Linux 4.5).
void GatePoll::Probe(const uv_loop_t* loop) {
  const Bell bell = Bell::Make();
  if (EpollCtl(loop, EPOLL_CTL_ADD, bell.native().get()) != 0) ThrowErrno("epoll_ctl");
  EpollCtl(loop, EPOLL_CTL_DEL, bell.native().get());  // it is there: nothing to fail
}

GatePoll::GatePoll(Napi::Env env, int socket, OnReady on_ready)
    : socket_(socket), on_ready_(std::move(on_ready)) {
  poll_ = std::make_unique<LoopHandle<uv_poll_t>>(
      env, this,
      [socket](uv_loop_t* loop, uv_poll_t* poll) { return uv_poll_init(loop, poll, socket); });
  // Fails only for a descriptor polled twice.
  uv_poll_start(poll_->get(), UV_READABLE, [](uv_poll_t* handle, int status, int) {
    const OnReady on_ready = static_cast<GatePoll*>(handle->data)->on_ready_;
    on_ready(status);  // may end the gate, and this with it
  });
  poll_->Unref();
}

bool GatePoll::Settle() {
  if (state_ != State::kUnsettled || poll_->get() == nullptr) return true;
  if (EpollCtl(poll_->get()->loop, EPOLL_CTL_DEL, socket_) != 0) {
    // ENOENT: libuv gets there in this turn. A loop that then slept would leave it at that, and
    // wake for everybody's connections.
    if (errno == ENOENT) return false;
    ThrowErrno("epoll_ctl");
  }
  state_ = State::kClosed;
  return true;
}

void GatePoll::SetOpen(bool open) {
  if (state_ == State::kUnsettled || poll_->get() == nullptr) return;
  if (open == (state_ == State::kOpen)) return;
  if (EpollCtl(poll_->get()->loop, open ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, socket_) != 0) {
    ThrowErrno("epoll_ctl");
  }
  state_ = open ? State::kOpen : State::kClosed;
}

// The socket stays open in the primary: closing this descriptor alone would leave it in the epoll.
void GatePoll::Close() {
  if (poll_->get() == nullptr) return;
  EpollCtl(poll_->get()->loop, EPOLL_CTL_DEL, socket_);  // ENOENT: the gate was closed
  poll_->Close();
}

BellWatch::BellWatch(Napi::Env env, Bell bell, std::function<void()> on_rung)
    : bell_(std::move(bell)), on_rung_(std::move(on_rung)) {
  poll_ =
      std::make_unique<LoopHandle<uv_poll_t>>(env, this, [this](uv_loop_t* loop, uv_poll_t* poll) {
        return uv_poll_init(loop, poll, bell_.native().get());
      });
  // Fails only for a descriptor polled twice.
  uv_poll_start(poll_->get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    BellWatch* watch = static_cast<BellWatch*>(handle->data);
    watch->bell_.Hear();
    watch->on_rung_();
  });
  poll_->Unref();
}

void BellWatch::Close() {
  poll_->Close();
  bell_.Close();  // not polled any more: uv_poll(3)
}

}  // namespace evenkeel
