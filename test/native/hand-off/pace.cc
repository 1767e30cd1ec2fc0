// How many connections ahead, by a loop's turns as they come.
#include "../../../native/pace.h"

#include "check.h"

namespace evenkeel {
namespace {

constexpr uint64_t kUs = 1000;
constexpr uint64_t kMs = 1000 * kUs;

// A loop: turns that work for so long, and sleep between them.
class Loop {
 public:
  uint32_t Turn(uint64_t busy, uint64_t asleep = 0) {
    now_ += busy + asleep;
    used_ += busy;
    return pace_.OnTurn(now_, used_);
  }

  // Turns of a millisecond, until so many are sent ahead: ms. -1: not within ten seconds.
  int64_t Until(uint32_t depth) {
    const uint64_t begun = now_;
    while (Turn(100 * kUs, 900 * kUs) != depth) {
      if (now_ - begun > 10'000 * kMs) return -1;
    }
    return static_cast<int64_t>((now_ - begun) / kMs);
  }

  Pace* pace() { return &pace_; }
  uint64_t now() const { return now_; }
  uint64_t used() const { return used_; }

 private:
  Pace pace_;
  uint64_t now_ = 12'345'678 * kMs;  // since the machine began
  uint64_t used_ = 345 * kMs;        // since the process began
};

void FirstCall() {
  Loop loop;
  Check(loop.Turn(0) == 1, "nothing is known yet: one");
  Check(loop.Turn(300 * kUs) == kMaxBurst, "and the second call knows");
  Loop slow;
  slow.Turn(2000 * kMs);  // whatever came before the first sleep: requiring modules
  Check(slow.Turn(300 * kUs) == kMaxBurst, "the start-up is no turn");
}

void ByTheTurn() {
  const struct {
    uint64_t busy;
    uint32_t depth;
  } cases[] = {{0, 16},      {1, 16},       {1 * kMs, 16}, {2 * kMs, 8},  {4 * kMs, 4},
               {8 * kMs, 2}, {16 * kMs, 1}, {17 * kMs, 1}, {50 * kMs, 1}, {3000 * kMs, 1},
               {9 * kMs, 1}, {7 * kMs, 2},  {5 * kMs, 3},  {3 * kMs, 5}};
  for (const auto& [busy, depth] : cases) {
    Loop loop;
    loop.Turn(0);
    loop.Turn(0);
    Check(loop.Turn(busy) == depth, "16 ms of turns ahead, one to sixteen");
    Check(loop.Turn(10 * kUs) == depth, "a fast turn does not forget the slow one");
  }
}

// At any place in the window.
void ComesBack() {
  for (uint64_t ms = 0; ms < 1200; ms += 7) {
    Loop loop;
    loop.Turn(0);
    loop.Until(kMaxBurst);
    for (uint64_t k = 0; k < ms; k++) loop.Turn(100 * kUs, 900 * kUs);
    Check(loop.Turn(50 * kMs) == 1, "one after a turn of 50 ms");
    const int64_t took = loop.Until(kMaxBurst);
    Check(took >= 450 && took <= 1050, "sixteen again after half a second to a second");
  }
}

void SlowTurnsNowAndThen() {
  Loop loop;
  loop.Turn(0);
  loop.Turn(20 * kMs);
  for (int k = 0; k < 200; k++) {
    if (k % 4 == 0) loop.Turn(20 * kMs);
    Check(loop.Turn(100 * kUs, 100 * kMs) == 1, "a few times a second: never forgotten");
  }
}

void IdleProcess() {
  Loop loop;
  loop.Turn(0);
  loop.Turn(20 * kMs);
  Check(loop.Turn(20 * kUs, 600 * kMs) == 1, "asleep for a window: the slow turn still counts");
  Check(loop.Turn(20 * kUs, 30'000 * kMs) == kMaxBurst, "asleep for long: forgotten");
  for (int k = 0; k < 9; k++) {
    Check(loop.Turn(20 * kUs, 30'000 * kMs) == kMaxBurst, "sleep is no turn");
  }
}

// For want of a processor a turn takes long by the clock: that does not make it a long one.
void WaitsForAProcessor() {
  Loop loop;
  loop.Turn(0);
  Check(loop.pace()->OnTurn(loop.now() + 80 * kMs, loop.used() + 300 * kUs) == kMaxBurst,
        "80 ms for a turn of 0.3");
}

// A clock that goes back says nothing; one that is not to be had stands still.
void GarbageTime() {
  Loop loop;
  loop.Turn(0);
  loop.Turn(1 * kMs, 50 * kMs);
  uint64_t now = loop.now();
  Check(loop.pace()->OnTurn(now += kMs, 0) == kMaxBurst, "went back");
  Check(loop.pace()->OnTurn(now += kMs, 0) == kMaxBurst, "stands still");
  Check(loop.pace()->OnTurn(now += kMs, 30 * kMs) == 1, "goes on from there");
  Check(loop.pace()->OnTurn(now, 30 * kMs) == 1, "no time has passed at all");
  for (int k = 0; k < 100'000; k++) {
    const uint32_t depth = loop.pace()->OnTurn(RandomNumbers()(), RandomNumbers()());
    Check(depth >= 1 && depth <= kMaxBurst, "any numbers: one to sixteen");
  }
}

}  // namespace
}  // namespace evenkeel

int main(int count, char** arguments) {
  using namespace evenkeel;
  Seed(count, arguments);
  FirstCall();
  ByTheTurn();
  ComesBack();
  SlowTurnsNowAndThen();
  IdleProcess();
  WaitsForAProcessor();
  GarbageTime();
  return Failures();
}
