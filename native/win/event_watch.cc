#include "event_watch.h"

#include "../error.h"

namespace evenkeel {

EventWatch::EventWatch(Napi::Env env, HANDLE event, std::function<void()> on_set)
    : env_(env), on_set_(std::move(on_set)) {
  async_ =
      std::make_unique<LoopHandle<uv_async_t>>(env, this, [](uv_loop_t* loop, uv_async_t* async) {
        return uv_async_init(loop, async, [](uv_async_t* handle) {
          static_cast<EventWatch*>(handle->data)->on_set_();
        });
      });
  async_->Unref();
  const auto wake = [](void* async, BOOLEAN) { uv_async_send(static_cast<uv_async_t*>(async)); };
  if (!RegisterWaitForSingleObject(&wait_, event, wake, async_->get(), INFINITE,
                                   WT_EXECUTEINWAITTHREAD)) {
    wait_ = nullptr;
    ThrowErrno("RegisterWaitForSingleObject");
  }
  // Added after the async's own hook, so run before it: nobody sends to a handle that closes.
  napi_add_env_cleanup_hook(env_, OnCleanup, this);
}

void EventWatch::OnCleanup(void* watch) { static_cast<EventWatch*>(watch)->Unregister(); }

void EventWatch::Unregister() {
  if (wait_ == nullptr) return;
  // Waits for a call that is under way. It fails only for what is no wait.
  UnregisterWaitEx(wait_, INVALID_HANDLE_VALUE);
  wait_ = nullptr;
}

void EventWatch::CallSoon() {
  if (async_->get() != nullptr) uv_async_send(async_->get());
}

void EventWatch::Close() {
  if (wait_ != nullptr) napi_remove_env_cleanup_hook(env_, OnCleanup, this);
  Unregister();
  async_->Close();
}

}  // namespace evenkeel
