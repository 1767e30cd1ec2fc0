// What was counted and never came, told from what is on its way.
#include "../../../native/linux/drift.h"

#include "../hand-off/check.h"

namespace evenkeel {
namespace {

constexpr uint64_t kMs = 1000 * 1000;
constexpr uint64_t kStart = 1'000'000 * kMs;

// A member: the program counts, the worker accepts, and the primary corrects, every 5 ms.
class Group {
 public:
  Slot slot{};

  explicit Group(uint64_t begins = 0) : now_(kStart + begins) {}

  void Chosen(uint32_t count) { slot.assigned += count; }
  void Accepted(uint32_t count) { slot.accepted += count; }
  void Brought(uint32_t count) {  // over its lane
    sent_ += count;
    slot.adjust += count;
    slot.taken += count;
    slot.accepted += count;
  }
  void Closed(uint32_t count) { slot.closed += count; }

  // Looks for so long; `then` at each look.
  template <typename Then>
  void Run(uint64_t duration, Then then) {
    for (const uint64_t end = now_ + duration; now_ < end; now_ += 5 * kMs) {
      then();
      slot.adjust += static_cast<uint32_t>(
          drift_.Look(OutstandingOf(slot, sent_), now_, [&] { return queue; }));
    }
  }
  void Run(uint64_t duration) {
    Run(duration, [] {});
  }
  // What the program takes for its load.
  int32_t Load() const { return static_cast<int32_t>(slot.assigned + slot.adjust - slot.closed); }

  int32_t queue = 0;

 private:
  Drift drift_;
  uint32_t sent_ = 0;
  uint64_t now_;
};

void Exact() {
  Group group;
  group.Run(60'000 * kMs, [&] {
    group.Chosen(3);
    group.Accepted(3);
    group.Brought(1);
    group.Closed(4);
  });
  Check(group.Load() == 0, "what came and went leaves nothing");
}

void NeverCame() {
  Group group;
  group.Chosen(10);
  group.Accepted(7);
  group.Run(Drift::kWindowNs - 5 * kMs);
  Check(group.Load() == 10, "they may still come");
  group.Run(2 * Drift::kWindowNs);  // one of them is whole
  Check(group.Load() == 7, "they do not");
  group.Accepted(2);  // but they do
  group.Run(5 * kMs);
  Check(group.Load() == 9, "known at once");
}

void UnderLoad() {
  Group group;
  int step = 0;
  // Three in flight at least at some moments, none at others; and one of a hundred never comes.
  group.Run(60'000 * kMs, [&] {
    step++;
    group.Chosen(step % 100 == 0 ? 4 : 3);
    if (step % 2 == 0) group.Accepted(6);
    if (step % 2 == 0) group.Closed(6);
  });
  const int32_t lost = step / 100;
  Check(lost > 100, "enough were lost");
  // Each window's own.
  Check(group.Load() <= 3 + 2 * 4000 / 5 / 100, "and hardly any of those count");
  Check(group.Load() >= 0, "less than nothing never");
}

// Who is corrected before the others has the fewest, and gets everything until they are.
void AllAtOnce() {
  Group early;
  early.Run(1500 * kMs);
  Group late(1500 * kMs);
  for (Group* group : {&early, &late}) group->Chosen(10);
  int corrected = 0;
  for (int i = 0; i < 4000; i++) {
    for (Group* group : {&early, &late}) group->Run(5 * kMs);
    Check(early.Load() == late.Load(), "corrected at one look, whenever they began");
    if (early.Load() == 0) corrected++;
  }
  Check(corrected > 0, "and corrected");
}

// An answer that comes late begins a part of a window, which says nothing.
void NotInPart() {
  Group group;
  group.Run(2 * Drift::kWindowNs - 20 * kMs);
  group.Accepted(1);
  group.Run(5 * kMs);
  group.Chosen(5);
  group.Run(100 * kMs);
  Check(group.Load() == 6, "they are on their way");
}

void Waiting() {
  Group group;
  group.Chosen(50);
  group.queue = 50;
  group.Run(10 * Drift::kWindowNs);
  Check(group.Load() == 50, "who waits in the accept queue is load");
  group.queue = 20;
  group.Run(3 * Drift::kWindowNs);
  Check(group.Load() == 20, "and only who does");
}

void NewLife() {
  Group group;
  group.Accepted(5);  // chosen for the worker before, whose slot it was
  group.Run(5 * kMs);
  Check(group.Load() == 5, "accepted and never counted: load too");
}

void Garbage() {
  Group group;
  for (int i = 0; i < 10'000; i++) {
    group.slot.accepted = static_cast<uint32_t>(RandomNumbers()());
    group.slot.taken = static_cast<uint32_t>(RandomNumbers()());
    group.Run(5 * kMs);
  }
  group.slot.accepted = group.slot.taken = 7;
  group.slot.assigned = 0;
  group.slot.closed = 7;
  group.Run(3 * Drift::kWindowNs);
  group.Chosen(2);
  group.Accepted(2);
  group.Run(3 * Drift::kWindowNs);
  Check(OutstandingOf(group.slot, 0) == 0, "once it is over, all is right again");
}

}  // namespace
}  // namespace evenkeel

int main(int count, char** arguments) {
  evenkeel::Seed(count, arguments);
  evenkeel::Exact();
  evenkeel::NeverCame();
  evenkeel::UnderLoad();
  evenkeel::AllAtOnce();
  evenkeel::NotInPart();
  evenkeel::Waiting();
  evenkeel::NewLife();
  evenkeel::Garbage();
  return evenkeel::Failures();
}
