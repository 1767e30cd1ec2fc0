#pragma once

#include <napi.h>
#include <uv.h>

#include <map>
#include <memory>

#include "error.h"
#include "gate_poll.h"
#include "load_table.h"
#include "loop_handle.h"
#include "socket.h"

namespace evenkeel {

// A worker's half of the gated shared listener: one for the worker, with a gate for every listening
// socket it shares.
//
// What the kernel announces is accepted after the turn's other callbacks, and one at a time: a
// connection accepted before a long callback would wait behind it, where in the queue another
// worker could have it.
class Gatekeeper : public Napi::ObjectWrap<Gatekeeper> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Gatekeeper(const Napi::CallbackInfo& info);

 private:
  struct Gate {
    Gatekeeper* keeper;
    UniqueFd socket;
    uint32_t share;
    Napi::FunctionReference on_connection;
    std::unique_ptr<GatePoll> poll;
    bool announced = false;  // by the kernel or the bell: a connection may wait
    bool stale = true;       // decide anew before the next sleep
    bool withdrawn = false;  // its server is full
  };

  void Listen(const Napi::CallbackInfo& info);
  void Withdraw(const Napi::CallbackInfo& info);
  void CloseGate(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);

  void OnSleep();
  void OnAwake();
  void OnBell();
  bool Decide(Gate* gate);
  void SetOpen(Gate* gate, bool open);
  bool SomebodyShares(uint32_t share) const;
  void Publish(uint32_t share, bool sharing, bool open);
  void RunOut(const SystemFailure& failure);
  void Recover();
  void AcceptOne(Gate* gate);
  void Deliver(Gate* gate, UniqueFd connection);
  void TakeTheLast(Gate* gate);
  void Report(const SystemFailure& failure);
  Gate* Find(const Napi::CallbackInfo& info);

  std::shared_ptr<LoadTableMapping> table_;
  uint32_t index_;
  Slot* slot_;
  std::unique_ptr<BellWatch> bell_;
  // What this worker publishes, kept here: the table is for the others to read.
  uint32_t shares_ = 0;
  uint32_t open_ = 0;
  uint32_t virtual_time_ = 0;
  bool exhausted_ = false;                           // no descriptor, no memory: for kExhaustedMs
  std::map<uint32_t, std::unique_ptr<Gate>> gates_;  // by number
  Napi::AsyncContext context_;
  Napi::FunctionReference on_error_;
  std::unique_ptr<LoopHandle<uv_prepare_t>> prepare_;
  std::unique_ptr<LoopHandle<uv_check_t>> check_;
  std::unique_ptr<LoopHandle<uv_timer_t>> retry_;
};

}  // namespace evenkeel
