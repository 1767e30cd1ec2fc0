// Round robin, as the dispatcher runs it: look, pick, count.
#include "check.h"

namespace evenkeel {
namespace {

// Near the wrap, and on either side of the middle of the circle.
constexpr uint32_t kStarts[] = {0, 0u - 20, 0x7ffffff0u, 0x80000000u};

size_t Serve(std::vector<Candidate>* all, size_t* last) {
  Forgive(all);
  const size_t i = PickRoundRobin(*all, *last);
  if (i == kNobody) return i;
  (*all)[i].given++;
  *last = i;
  return i;
}

void StrictlyInTurn() {
  for (const uint32_t start : kStarts) {
    for (const size_t count : {1, 2, 3, 16, 255, 256}) {
      std::vector<Candidate> all = Workers(count, start);
      size_t last = count - 1;
      bool in_turn = true;
      for (size_t k = 0; k < 3 * count + 40; k++) in_turn &= Serve(&all, &last) == k % count;
      Check(in_turn, "while all keep up: strictly in turn");
    }
  }
}

// Passed over so many times, it makes up for 16 at most, and then it is in turn again.
void DebtIsBounded() {
  for (const uint32_t start : kStarts) {
    for (const uint32_t missed : {1u, 5u, 16u, 17u, 300u}) {
      std::vector<Candidate> all = Workers(3, start);
      size_t last = 2;
      all[0].responsive = false;
      for (uint32_t k = 0; k < 2 * missed; k++) {
        Check(Serve(&all, &last) != 0, "passed over while it does not turn");
      }
      all[0].responsive = true;
      uint32_t made_up = 0;
      while (Serve(&all, &last) == 0) made_up++;
      const uint32_t debt = missed < kDebt ? missed : kDebt;
      // It may be its turn anyway just then.
      Check(made_up == debt || made_up == debt + 1, "makes up for what it missed, 16 at most");
      uint32_t served[3] = {};
      for (int k = 0; k < 30; k++) served[Serve(&all, &last)]++;
      Check(served[0] == 10 && served[1] == 10 && served[2] == 10, "in turn again");
    }
  }
}

// Away for more than half of the counter's circle: it would look as if it were ahead.
void AwayForVeryLong() {
  std::vector<Candidate> all = Workers(3);
  size_t last = 0;
  all[0].responsive = false;
  for (int step = 0; step < 12; step++) {
    all[1].given += 0x20000000u;
    all[2].given += 0x20000000u;
    Check(Serve(&all, &last) != 0, "still away");
  }
  all[0].responsive = true;
  uint32_t made_up = 0;
  while (Serve(&all, &last) == 0) made_up++;
  Check(made_up == kDebt || made_up == kDebt + 1, "after very long: makes up for 16");
}

void WhoCannot() {
  Check(PickRoundRobin({}, 0) == kNobody, "nobody there");
  std::vector<Candidate> all = Workers(3);
  all[0].untaken = all[0].depth;
  all[1].responsive = false;
  all[2].depth = 0;
  Check(PickRoundRobin(all, 0) == kNobody, "nobody can take one");
  all[1].responsive = true;
  for (const size_t last : {0, 1, 2, 7, 255}) {
    Check(PickRoundRobin(all, last) == 1, "the only one that can, whoever was last");
  }
}

// Whatever is in the table: somebody who can take one, where there is one.
void Garbage() {
  for (int round = 0; round < 20'000; round++) {
    std::vector<Candidate> all(1 + Below(20));
    bool any = false;
    for (Candidate& one : all) {
      one.untaken = Below(3) ? Below(40) : Below(~0u);
      one.depth = Below(3) ? Below(33) : Below(~0u);
      one.given = Below(~0u);
      one.load = Below(~0u);
      one.idle = Below(2);
      one.responsive = Below(2);
      any |= CanTake(one);
    }
    Forgive(&all);
    const size_t last = Below(40);
    for (const size_t i : {PickRoundRobin(all, last), PickLeastConnections(all, last)}) {
      Check(any ? i < all.size() && CanTake(all[i]) : i == kNobody, "garbage");
    }
  }
}

// One that waits for a CPU, as far as anybody can tell, is waited for.
void Grace() {
  for (uint32_t start : {0u, UINT32_MAX}) {
    std::vector<Candidate> all = Workers(2, start + 1);
    all[1].given = start;
    all[1].responsive = false;
    Check(PickRoundRobin(all, 0) == 0, "nobody waits for it");
    all[1].grace = 1;
    Check(PickRoundRobin(all, 0) == kNobody, "it is its turn");
    all[1].grace = 2;
    Check(PickRoundRobin(all, 0) == 0, "so far ahead others may get");
  }
}

}  // namespace
}  // namespace evenkeel

int main(int count, char** arguments) {
  using namespace evenkeel;
  Seed(count, arguments);
  StrictlyInTurn();
  DebtIsBounded();
  AwayForVeryLong();
  WhoCannot();
  Garbage();
  Grace();
  return Failures();
}
