#pragma once

#include <napi.h>
#include <uv.h>

namespace evenkeel {

// Owns one libuv handle on an environment's loop.
//
// libuv frees nothing before the close callback has run, so the handle lives in a heap block that
// outlives this object. Each block holds an asynchronous cleanup hook: an environment that ends (a
// worker_thread's terminate(), process exit) waits for the close callback instead of tearing the
// loop down under a live handle.
template <typename Handle>
class LoopHandle {
 public:
  // `init` is one of the uv_*_init calls, returning 0 or a negative errno. Throws Napi::Error.
  template <typename Init>
  LoopHandle(Napi::Env env, void* owner, Init init) : block_(new Block) {
    uv_loop_t* loop = nullptr;
    int result = napi_get_uv_event_loop(env, &loop) == napi_ok ? 0 : UV_EINVAL;
    if (result == 0) result = init(loop, &block_->handle);
    if (result != 0) {
      delete block_;
      throw Napi::Error::New(env, uv_strerror(result));
    }
    block_->handle.data = owner;
    block_->self = this;
    napi_add_async_cleanup_hook(env, &LoopHandle::OnCleanup, block_, &block_->hook);
  }
  LoopHandle(const LoopHandle&) = delete;
  LoopHandle& operator=(const LoopHandle&) = delete;
  ~LoopHandle() { Close(); }

  // Null once closed, which the environment may do first.
  Handle* get() { return block_ == nullptr ? nullptr : &block_->handle; }
  void Unref() {
    if (block_ != nullptr) uv_unref(reinterpret_cast<uv_handle_t*>(&block_->handle));
  }
  void Close() {
    if (block_ == nullptr) return;
    Block* block = block_;
    block_ = nullptr;
    block->self = nullptr;
    CloseBlock(block);
  }

 private:
  struct Block {
    Handle handle;
    LoopHandle* self = nullptr;
    napi_async_cleanup_hook_handle hook = nullptr;
  };

  static void CloseBlock(Block* block) {
    uv_close(reinterpret_cast<uv_handle_t*>(&block->handle), [](uv_handle_t* handle) {
      // `handle` is the first member of its block.
      Block* closed = reinterpret_cast<Block*>(handle);
      napi_remove_async_cleanup_hook(closed->hook);
      delete closed;
    });
  }
  static void OnCleanup(napi_async_cleanup_hook_handle, void* data) {
    Block* block = static_cast<Block*>(data);
    if (block->self == nullptr) return;  // already closing: its close callback removes the hook
    block->self->block_ = nullptr;
    block->self = nullptr;
    CloseBlock(block);
  }

  Block* block_;
};

}  // namespace evenkeel
