#include "../gate_poll.h"

#include "../error.h"

namespace evenkeel {

void GatePoll::Probe(const uv_loop_t*) {}

GatePoll::GatePoll(Napi::Env env, int socket, OnReady on_ready)
    : socket_(socket), on_ready_(std::move(on_ready)), state_(State::kClosed) {
  poll_ = std::make_unique<LoopHandle<uv_poll_t>>(
      env, this,
      [socket](uv_loop_t* loop, uv_poll_t* poll) { return uv_poll_init_socket(loop, poll, socket); });
}

bool GatePoll::Settle() { return true; }

void GatePoll::SetOpen(bool open) {
  if (poll_->get() == nullptr || open == (state_ == State::kOpen)) return;
  int result = 0;
  if (open) {
    result = uv_poll_start(poll_->get(), UV_READABLE, [](uv_poll_t* handle, int status, int) {
      const OnReady on_ready = static_cast<GatePoll*>(handle->data)->on_ready_;
      on_ready(status);  // may end the gate, and this with it
    });
    poll_->Unref();
  } else {
    result = uv_poll_stop(poll_->get());
  }
  if (result != 0) throw SystemFailure{result, "uv_poll"};
  state_ = open ? State::kOpen : State::kClosed;
}

void GatePoll::Close() { poll_->Close(); }

BellWatch::BellWatch(Napi::Env env, Bell bell, std::function<void()> on_rung)
    : bell_(std::move(bell)),
      on_rung_(std::move(on_rung)),
      watch_(env, bell_.native().handle(), [this] { on_rung_(); }) {}

void BellWatch::Close() {
  watch_.Close();
  bell_.Close();
}

}  // namespace evenkeel
