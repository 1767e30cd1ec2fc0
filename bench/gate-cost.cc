// What a worker pays for one decision of its gate, in ns.
//
// warm: many decisions in a row, nobody writes.
// contended: many in a row, while another thread writes to every slot in turn.
// cold: one decision after another thread has written to every slot, so that each cache line comes
// from the other core: what a loop turn pays that others' work has preceded. Its clock is included.
//
// g++ -O2 -std=c++17 -pthread bench/gate-cost.cc
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "../native/gate.h"

using namespace evenkeel;

namespace {

constexpr int kRounds = 20'000;
constexpr uint32_t kInRow = 16;

uint64_t Now() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// A connection begun and ended, and a turn of the loop.
void WriteTo(Slot* slot) {
  slot->accepted.fetch_add(1, std::memory_order_relaxed);
  slot->closed.fetch_add(1, std::memory_order_relaxed);
  slot->virtual_time.fetch_add(1, std::memory_order_relaxed);
  slot->stamp.store(Now(), std::memory_order_relaxed);
}

std::vector<Slot> Table(uint32_t count) {
  std::vector<Slot> slots(count);
  for (Slot& slot : slots) slot.shares = slot.idle = 1;
  return slots;
}

uint32_t opened = 0;  // read at the end, so that every decision is made

double Decide(const std::vector<Slot>& slots, uint32_t times) {
  const uint32_t count = static_cast<uint32_t>(slots.size());
  const uint64_t begin = Now();
  for (uint32_t i = 0; i < times; i++) {
    opened += DecideGate(slots.data(), count, i % count, 1, begin + i * 1000).open;
  }
  return static_cast<double>(Now() - begin) / times;
}

void Print(std::vector<double> costs) {
  std::sort(costs.begin(), costs.end());
  std::printf(" %.0f (%.0f) |", costs[costs.size() / 2], costs[costs.size() * 99 / 100]);
}

void InARow(uint32_t count, bool contended) {
  std::vector<Slot> slots = Table(count);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (uint32_t i = 0; contended && !stop; i++) WriteTo(&slots[i % count]);
  });
  std::vector<double> costs;
  for (int round = 0; round < kRounds; round++) costs.push_back(Decide(slots, kInRow));
  stop = true;
  writer.join();
  Print(costs);
}

void Cold(uint32_t count) {
  std::vector<Slot> slots = Table(count);
  std::atomic<int> turn{0};  // odd: the writer's
  std::thread writer([&] {
    for (int round = 0; round < kRounds; round++) {
      while (turn != 2 * round + 1) std::this_thread::yield();
      for (Slot& slot : slots) WriteTo(&slot);
      turn++;
    }
  });
  std::vector<double> costs;
  for (int round = 0; round < kRounds; round++) {
    turn++;
    while (turn != 2 * round + 2) std::this_thread::yield();
    costs.push_back(Decide(slots, 1));
  }
  writer.join();
  Print(costs);
}

}  // namespace

int main() {
  std::printf("ns, median (99th percentile) of %d\n\n", kRounds);
  std::printf("| slots | warm | contended | cold |\n|---|---|---|---|\n");
  for (uint32_t count : {4u, 16u, 64u, 256u}) {
    std::printf("| %u |", count);
    InARow(count, false);
    InARow(count, true);
    Cold(count);
    std::printf("\n");
  }
  return opened > 0 ? 0 : 1;
}
