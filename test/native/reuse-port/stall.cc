// When a worker of its own accept queue counts as blocked, look by look.
#include "../../../native/linux/stall.h"

#include "../hand-off/check.h"

namespace evenkeel {
namespace {

constexpr uint64_t kMs = 1000 * 1000;
constexpr uint64_t kThreshold = 20 * kMs;
constexpr uint64_t kNow = 1'000'000 * kMs;
using Verdict = StallDetector::Verdict;

struct Worker {
  Slot slot{};
  StallDetector detector;

  Worker(uint64_t stamp, bool idle) {
    slot.stamp = stamp;
    slot.idle = idle;
  }
  Verdict Look(bool waiting, uint64_t now) {
    return detector.Look(slot, now, kThreshold, [&] { return waiting; });
  }
};

void Busy() {
  const uint64_t turned = kNow - kThreshold + 1;
  Worker worker(turned, false);
  Check(worker.Look(true, kNow) == Verdict::kTurns, "a fresh stamp: its loop turns");
  Check(worker.Look(true, kNow + 1) == Verdict::kBlocked, "busy and silent for the threshold");
  Check(worker.detector.blocked(), "and it knows");
  Check(worker.detector.since() == turned, "since its last turn");
  Check(!worker.detector.HasTurned(worker.slot), "it has not turned since");
  worker.slot.stamp = kNow + 2;
  Check(worker.detector.HasTurned(worker.slot), "now it has");
  worker.detector.Reset();
  Check(!worker.detector.blocked(), "and all is as before");

  Worker quiet(kNow - kMs, false);
  for (uint64_t ms = 0; ms < 5000; ms += 5) {
    Check(quiet.Look(false, kNow + ms * kMs) == Verdict::kTurns,
          "nobody waits: it may compute as long as it likes");
  }
  Check(quiet.Look(true, kNow + 5000 * kMs) == Verdict::kBlocked, "the first that waits shows it");
  Check(quiet.detector.since() == kNow - kMs, "since it began to compute");
}

void JustWoken() {
  // Asleep for five seconds, then a connection comes, and a second one while the first is served.
  Worker worker(kNow - 5000 * kMs, true);
  Check(worker.Look(false, kNow) == Verdict::kTurns, "asleep");
  worker.slot.idle = 0;
  Check(worker.Look(true, kNow + 5 * kMs) == Verdict::kMayWait, "it was woken just now");
  Check(worker.Look(true, kNow + 24 * kMs) == Verdict::kMayWait, "it has the threshold");
  Check(worker.Look(true, kNow + 25 * kMs) == Verdict::kBlocked, "and no longer");
  Check(worker.detector.since() == kNow + 5 * kMs, "since it was seen at work");

  Worker turns(kNow - 5000 * kMs, false);
  for (uint64_t ms = 0; ms < 1000; ms += 5) {
    Check(turns.Look(true, kNow + ms * kMs) != Verdict::kBlocked, "it turns, if late");
    if (ms % 15 == 0) turns.slot.stamp = kNow + ms * kMs;
  }
}

void Asleep() {
  Worker worker(kNow - 5000 * kMs, true);
  Check(worker.Look(true, kNow) == Verdict::kMayWait, "asleep: what comes wakes it");
  Check(worker.Look(true, kNow + kThreshold - 1) == Verdict::kMayWait, "it has the threshold");
  Check(worker.Look(true, kNow + kThreshold) == Verdict::kBlocked, "and no longer");
  Check(worker.detector.since() == kNow, "since somebody waits");

  Worker comes(kNow - 5000 * kMs, true);
  comes.Look(true, kNow);
  Check(comes.Look(false, kNow + 5 * kMs) == Verdict::kTurns, "it came");
  Check(comes.Look(true, kNow + 30 * kMs) == Verdict::kMayWait, "the next one starts anew");
  comes.slot.stamp = kNow + 31 * kMs;
  Check(comes.Look(true, kNow + 45 * kMs) == Verdict::kTurns, "it turned");
  comes.slot.stamp = kNow;
  Check(comes.Look(true, kNow + 60 * kMs) == Verdict::kMayWait, "so that starts anew, too");
}

void Garbage() {
  for (int i = 0; i < 100'000; i++) {
    Worker worker(RandomNumbers()(), Below(2) == 1);
    if (Below(2) == 1) worker.slot.idle = static_cast<uint32_t>(RandomNumbers()());
    const uint64_t now = kNow + Below(UINT32_MAX);
    worker.Look(Below(2) == 1, now);
    if (worker.Look(true, now + 10 * kMs) == Verdict::kBlocked) {
      Check(worker.detector.since() <= now + 10 * kMs, "a stall does not begin in the future");
    }
  }
  Worker future(UINT64_MAX, false);
  Check(future.Look(true, kNow) == Verdict::kMayWait, "a stamp from the future");
  Check(future.Look(true, kNow + kThreshold) == Verdict::kBlocked, "is not believed");
  Check(future.detector.since() == kNow, "nor its time");
}

}  // namespace
}  // namespace evenkeel

int main(int count, char** arguments) {
  evenkeel::Seed(count, arguments);
  evenkeel::Busy();
  evenkeel::JustWoken();
  evenkeel::Asleep();
  evenkeel::Garbage();
  return evenkeel::Failures();
}
