#include "endpoint.h"

#include <cerrno>

#include "../error.h"

namespace evenkeel {
namespace {

constexpr int kMessagesPerTurn = 32;  // then the loop's other work gets its turn
constexpr uint64_t kRetryMs = 5;  // full channel, or no descriptor left: nothing announces the end

}  // namespace

Endpoint::Endpoint(Napi::Env env, UniqueFd fd, UniqueFd peer, Handlers handlers)
    : fd_(std::move(fd)),
      peer_(std::move(peer)),
      handlers_(std::move(handlers)),
      poll_(
          env, this,
          [this](uv_loop_t* loop, uv_poll_t* poll) { return uv_poll_init(loop, poll, fd_.get()); }),
      timer_(env, this, uv_timer_init) {}

Endpoint::~Endpoint() { Close(); }

void Endpoint::Start() {
  uv_poll_t* poll = poll_.get();
  if (poll == nullptr) return;
  const int result = uv_poll_start(poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<Endpoint*>(handle->data)->OnReadable();
  });
  if (result != 0) throw SystemFailure{-result, "epoll_ctl"};
  poll_.Unref();
  timer_.Unref();
}

bool Endpoint::Send(Message message) {
  if (!fd_.valid()) return false;
  if (waiting_.empty()) {
    switch (evenkeel::Send(fd_.get(), message)) {
      case SendResult::kSent:
        return true;
      case SendResult::kClosed:
        return false;
      case SendResult::kAgain:
        break;
    }
  }
  waiting_.push_back(std::move(message));
  RetryIn(kRetryMs);
  return true;
}

void Endpoint::OnReadable() {
  for (int i = 0; i < kMessagesPerTurn && fd_.valid(); i++) {
    Message message;
    ReceiveResult result;
    try {
      result = Receive(fd_.get(), &message);
    } catch (const SystemFailure& failure) {
      return Fail(failure);
    }
    switch (result) {
      case ReceiveResult::kMessage:
        handlers_.message(std::move(message));  // may close this endpoint: see the loop's condition
        break;
      case ReceiveResult::kNone:
        return;
      case ReceiveResult::kNoFd:
        reading_paused_ = true;
        uv_poll_stop(poll_.get());
        RetryIn(kRetryMs);
        return;
      case ReceiveResult::kMalformed:
        handlers_.error(SystemFailure{EPROTO, "recvmsg"});
        break;
      case ReceiveResult::kClosed:
        return Close();
    }
  }
}

void Endpoint::OnTimer() {
  if (reading_paused_) {
    reading_paused_ = false;
    try {
      Start();
    } catch (const SystemFailure& failure) {
      return Fail(failure);
    }
  }
  while (!waiting_.empty()) {
    SendResult result;
    try {
      result = evenkeel::Send(fd_.get(), waiting_.front());
    } catch (const SystemFailure& failure) {
      return Fail(failure);
    }
    if (result == SendResult::kAgain) return RetryIn(kRetryMs);
    if (result == SendResult::kClosed) return Close();
    waiting_.pop_front();
  }
}

void Endpoint::RetryIn(uint64_t milliseconds) {
  uv_timer_t* timer = timer_.get();
  if (timer == nullptr || uv_is_active(reinterpret_cast<uv_handle_t*>(timer))) return;
  uv_timer_start(
      timer, [](uv_timer_t* handle) { static_cast<Endpoint*>(handle->data)->OnTimer(); },
      milliseconds, 0);
}

void Endpoint::Fail(const SystemFailure& failure) {
  Close();
  handlers_.error(failure);
}

std::deque<Message> Endpoint::Recover() {
  std::deque<Message> left;
  while (fd_.valid()) {
    Message message;
    const ReceiveResult result = Receive(fd_.get(), &message);
    if (result == ReceiveResult::kMalformed) continue;
    // kNoFd: what is left is closed with the channel, and its clients see a reset. The caller
    // cannot wait: the channel goes with the worker.
    if (result != ReceiveResult::kMessage) break;
    left.push_back(std::move(message));
  }
  return left;
}

void Endpoint::Close() {
  // The poll goes before its descriptor: libuv would otherwise take a new fd of the same number out
  // of its epoll set.
  poll_.Close();
  timer_.Close();
  waiting_.clear();
  fd_.reset();
  peer_.reset();
}

}  // namespace evenkeel
