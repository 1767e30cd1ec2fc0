#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "bell.h"
#include "load_table.h"
#include "reactor.h"

namespace evenkeel {

// Looks after one gated listener, in the primary: that no connection waits while a worker could
// take it.
//
// It polls the socket like the workers, on Linux EPOLLEXCLUSIVE, and stands in the kernel's line
// behind the gates that were open when it was armed: the kernel gets to it when none of these is
// asleep. A gate opened later stands behind it, until a connection has come this far: that costs a
// look and a bell, never a connection. It rings the idle worker with the fewest connections. That
// is what opens closed gates again, what goes round a worker that blocks, and what makes up for a
// wake-up that died with its worker. While nothing waits it sleeps, but for a slow look round.
class Watchdog : public Napi::ObjectWrap<Watchdog>, private Reactor::Source {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Watchdog(const Napi::CallbackInfo& info);
  ~Watchdog() override;

 private:
  struct Member {
    uint32_t slot;
    std::shared_ptr<const Bell> bell;
  };

  void Add(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  void Look(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void CloseNow();

  void OnReadable() override;
  void OnDeadline() override;
  void OnFailure(const SystemFailure& failure) override;

  void Arm();
  void Disarm();
  void LookNow();
  bool RingBest(bool shared, uint64_t now);

  std::shared_ptr<LoadTableMapping> table_;
  std::shared_ptr<Reactor> reactor_;
  int socket_ = -1;                      // the ListenSocket's
  Napi::ObjectReference socket_object_;  // keeps it open
  uint32_t share_;
  std::vector<Member> members_;
  bool armed_ = false;
  uint64_t waiting_since_ = 0;  // every look has found connections; 0: the last has not
  Napi::AsyncContext context_;
  Napi::FunctionReference on_error_;
};

}  // namespace evenkeel
