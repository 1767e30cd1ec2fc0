#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include "../../../native/gate.h"

namespace evenkeel {

constexpr uint64_t kNow = 1000ull * 1000 * 1000;
constexpr uint32_t kShare = 1u << 5;

// How a worker was last heard of. Late, or rung, so long ago that the slack has doubled twice;
// stale, or deaf, so long ago that it does not count any more.
enum class Loop { kTurning, kIdle, kLate, kRung, kStale, kDeaf };

// A worker as a case describes it.
struct Worker {
  uint32_t active = 0;
  uint32_t time = 0;  // virtual
  Loop loop = Loop::kIdle;
  bool shares = true;
};

inline void Write(const Worker& worker, Slot* slot) {
  // Counters are of a life: only their difference counts.
  slot->accepted = worker.active - 7;
  slot->closed = static_cast<uint32_t>(-7);
  slot->virtual_time = worker.time;
  slot->shares = worker.shares ? kShare | 1u : ~kShare;
  const Loop loop = worker.loop;
  const bool rung = loop == Loop::kRung || loop == Loop::kDeaf;
  const bool old = loop == Loop::kStale || loop == Loop::kDeaf;
  const uint64_t silence = kPatienceNs * (old ? kDoublings : 2);
  slot->idle = loop == Loop::kIdle || rung ? 1 : 0;
  slot->stamp = loop == Loop::kLate || old ? kNow - silence : kNow;
  slot->called = rung ? static_cast<uint32_t>((kNow - silence) / kTickNs) - 1 : 0;
  slot->answered = 0;
}

inline std::vector<Slot> TableOf(const std::vector<Worker>& workers) {
  std::vector<Slot> slots(workers.size());
  for (size_t i = 0; i < workers.size(); i++) Write(workers[i], &slots[i]);
  return slots;
}

inline GateDecision Decide(const std::vector<Slot>& slots, uint32_t self, uint64_t now = kNow) {
  return DecideGate(slots.data(), static_cast<uint32_t>(slots.size()), self, kShare, now);
}

// Each failure by its name; main() returns what Failures() says.
inline int& Failures() {
  static int failures = 0;
  return failures;
}

inline void Check(bool holds, const char* name, const char* what = "") {
  if (holds) return;
  Failures()++;
  std::printf("FAILED: %s%s%s\n", name, *what ? ": " : "", what);
}

}  // namespace evenkeel
