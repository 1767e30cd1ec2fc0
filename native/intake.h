#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "error.h"
#include "lane_pipe.h"
#include "load_table.h"
#include "loop_handle.h"
#include "pace.h"

namespace evenkeel {

// A worker's end of its lane: receives the connections that are handed to it. One burst in a turn
// of the loop: what is not taken yet can still go to another worker, should a callback of this turn
// block.
class Intake : public Napi::ObjectWrap<Intake> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Intake(const Napi::CallbackInfo& info);

 private:
  void Start(const Napi::CallbackInfo& info);
  Napi::Value Take(const Napi::CallbackInfo& info);
  void Returned(const Napi::CallbackInfo& info);
  void WatchRoom(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);

  void Prepare();
  void OnSleep();
  bool TakeBurst();
  void RunOut();
  void Report(const SystemFailure& failure);

  std::shared_ptr<LoadTableMapping> table_;
  Slot* slot_;
  std::unique_ptr<LaneOutlet> lane_;
  uint32_t taken_ = 0;
  Pace pace_;
  bool exhausted_ = false;
  bool keeps_pace_ = false;    // says how many connections it may be sent
  bool watches_room_ = false;  // says when it has no descriptors left
  int32_t* fds_;               // the array onConnections reads
  Napi::Reference<Napi::Int32Array> array_;
  Napi::AsyncContext context_;
  Napi::FunctionReference on_connections_;
  Napi::FunctionReference on_error_;
  std::unique_ptr<LoopHandle<uv_prepare_t>> prepare_;
  std::unique_ptr<LoopHandle<uv_timer_t>> retry_;
};

}  // namespace evenkeel
