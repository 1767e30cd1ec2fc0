#pragma once

#include <napi.h>
#include <uv.h>

#include <deque>
#include <memory>
#include <vector>

#include "endpoint.h"
#include "load_table.h"
#include "loop_handle.h"

namespace evenkeel {

class Acceptor;

// Pick and send: brings accepted connections of one listener to its workers.
// A connection offered is owned here until the kernel has it in a worker's channel; one that nobody
// can take now is held and tried again.
class Dispatcher : public Napi::ObjectWrap<Dispatcher> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Dispatcher(const Napi::CallbackInfo& info);
  static Dispatcher* From(const Napi::Value& value);

  bool HasMembers() const { return !members_.empty(); }
  // True while a connection offered would be sent, not held.
  bool CanSend() const;
  void Offer(UniqueFd connection, uint8_t hops, uint32_t except_lease);

  void Attach(Acceptor* acceptor) { acceptors_.push_back(acceptor); }
  void Detach(Acceptor* acceptor);

 private:
  struct Member {
    std::shared_ptr<Endpoint> endpoint;
    Slot* slot;
    uint32_t lease;
  };
  struct Held {
    UniqueFd connection;
    uint8_t hops;
    uint32_t except_lease;
  };

  void Add(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  void OfferFd(const Napi::CallbackInfo& info);
  Napi::Value GetHeld(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  uint32_t Depth(const Member& member) const;
  bool TrySend(Held* held);
  void SendHeld();
  void RetryLater();

  std::shared_ptr<LoadTableMapping> table_;
  std::vector<Member> members_;
  std::vector<Acceptor*> acceptors_;
  size_t last_ = 0;
  std::deque<Held> held_;
  std::unique_ptr<LoopHandle<uv_timer_t>> timer_;
};

}  // namespace evenkeel
