// Any bytes in the table, and any honest table: what holds whatever is there.
#include <cstdlib>
#include <cstring>
#include <random>

#include "table.h"

namespace evenkeel {
namespace {

std::mt19937_64 random_numbers;

uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_numbers() % limit); }

uint32_t Near(std::initializer_list<uint32_t> numbers) {
  return numbers.begin()[Below(static_cast<uint32_t>(numbers.size()))] + Below(40) - 20;
}

// Random bytes, or numbers at the edges of their types.
void Scribble(Slot* slot) {
  const bool edges = Below(2) == 0;
  const auto any = [edges] {
    return edges ? Near({0, 0x7fffffff, 0x80000000, 0xffffffff}) : Below(~0u);
  };
  for (auto* field : {&slot->state, &slot->accepted, &slot->closed, &slot->idle, &slot->called,
                      &slot->answered, &slot->shares, &slot->virtual_time, &slot->open}) {
    *field = any();
  }
  slot->stamp = edges ? (Below(2) ? ~0ull - Below(9) : Below(9)) : random_numbers();
}

// There is always a decision, and no undefined behaviour on the way (the sanitizers watch).
void DecidesOnGarbage() {
  std::vector<Slot> slots(300);
  for (int round = 0; round < 20'000; round++) {
    for (int i = 0; i < 20; i++) Scribble(&slots[Below(300)]);
    const uint32_t count = 1 + Below(300);
    const uint64_t now = Below(2) ? random_numbers() : ~0ull - Below(9);
    const GateDecision decision =
        DecideGate(slots.data(), count, Below(count), 1u << Below(32), now);
    // Garbage of others brings a worker up in virtual time, never down.
    static uint32_t sum = 0;
    sum += decision.open + decision.virtual_time;
  }
}

void AloneIsOpen() {
  std::vector<Slot> slots(1);
  for (int round = 0; round < 20'000; round++) {
    Scribble(&slots[0]);
    const uint32_t time = slots[0].virtual_time;
    const GateDecision decision = Decide(slots, 0, random_numbers());
    Check(decision.open && decision.virtual_time == time, "alone with garbage");
  }
}

Worker Any(bool wild) {
  Worker worker;
  worker.active = wild ? Near({0, 8, 1000, 0x7fffffff}) : Below(14);
  worker.time = wild ? Near({0, 0x55555555, 0x80000000, 0xaaaaaaaa}) : Below(60);
  worker.loop = static_cast<Loop>(Below(6));
  worker.shares = Below(5) > 0;
  return worker;
}

// The share of tables in which every worker that shares and counts closes its gate.
double AllClosed(uint32_t least, uint32_t most, int rounds) {
  int stuck = 0;
  for (int round = 0; round < rounds; round++) {
    const bool wild = Below(2) == 0;
    std::vector<Worker> workers(least + Below(most - least + 1));
    for (Worker& worker : workers) worker = Any(wild);
    const std::vector<Slot> slots = TableOf(workers);
    const uint64_t now = kNow + Below(1u << 20);
    int counting = 0;
    int open = 0;
    for (uint32_t self = 0; self < slots.size(); self++) {
      if (DoublingsOf(slots[self], now) == kDoublings || !workers[self].shares) continue;
      counting++;
      if (Decide(slots, self, now).open) open++;
    }
    if (counting > 0 && open == 0) stuck++;
  }
  return static_cast<double>(stuck) / rounds;
}

}  // namespace
}  // namespace evenkeel

// The seed is the argument, or a fresh one.
int main(int count, char** arguments) {
  using namespace evenkeel;
  const uint64_t seed =
      count > 1 ? std::strtoull(arguments[1], nullptr, 10) : std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  random_numbers.seed(seed);
  DecidesOnGarbage();
  AloneIsOpen();
  Check(AllClosed(1, kSample + 1, 50'000) == 0, "of workers that see each other one is open");
  // Beyond that each sees some: rare among random tables, and the watchdog's business.
  const double stuck = AllClosed(kSample + 2, 256, 2000);
  std::printf("all closed in %.2f %% of large tables\n", 100 * stuck);
  Check(stuck < 0.01, "of many workers all are closed rarely");
  return Failures();
}
