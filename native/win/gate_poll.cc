#include "../gate_poll.h"

#include "../error.h"
#include "socket_watcher.h"

namespace evenkeel {

void GatePoll::Probe(const uv_loop_t*) {}

GatePoll::GatePoll(Napi::Env env, int socket, OnReady on_ready)
    : socket_(socket), on_ready_(std::move(on_ready)), state_(State::kClosed) {
  watcher_ = Guard(env, [] { return SocketWatcher::OfProcess(); });
  async_ =
      std::make_unique<LoopHandle<uv_async_t>>(env, this, [](uv_loop_t* loop, uv_async_t* async) {
        return uv_async_init(loop, async, [](uv_async_t* handle) {
          static_cast<GatePoll*>(handle->data)->OnAsync();
        });
      });
  async_->Unref();
  env_ = env;
  // Added after the async's own hook, so run before it: nobody sends to a handle that closes.
  napi_add_env_cleanup_hook(env_, OnCleanup, this);
}

void GatePoll::OnCleanup(void* poll) {
  GatePoll* self = static_cast<GatePoll*>(poll);
  self->watcher_->Disarm(self->socket_);
  self->watcher_ = nullptr;
}

// Told once: to be opened anew before the loop sleeps.
void GatePoll::OnAsync() {
  state_ = State::kClosed;
  on_ready_(0);
}

bool GatePoll::Settle() { return true; }

void GatePoll::SetOpen(bool open) {
  if (watcher_ == nullptr || open == (state_ == State::kOpen)) return;
  if (open) {
    watcher_->Arm(socket_, [async = async_->get()] { uv_async_send(async); });
  } else {
    watcher_->Disarm(socket_);
  }
  state_ = open ? State::kOpen : State::kClosed;
}

void GatePoll::Close() {
  if (watcher_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, OnCleanup, this);
  OnCleanup(this);
  async_->Close();
}

BellWatch::BellWatch(Napi::Env env, Bell bell, std::function<void()> on_rung)
    : bell_(std::move(bell)),
      on_rung_(std::move(on_rung)),
      watch_(env, bell_.native().handle(), [this] { on_rung_(); }) {}

void BellWatch::Close() {
  watch_.Close();
  bell_.Close();
}

}  // namespace evenkeel
