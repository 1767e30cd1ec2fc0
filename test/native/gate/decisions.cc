// The decision, case by case: oneself is the first worker of each.
#include "table.h"

namespace evenkeel {
namespace {

constexpr Loop kTurning = Loop::kTurning;
constexpr Loop kLate = Loop::kLate;
constexpr Loop kStale = Loop::kStale;
constexpr Loop kRung = Loop::kRung;
constexpr Loop kDeaf = Loop::kDeaf;
constexpr Loop kIdle = Loop::kIdle;

struct Case {
  const char* name;
  std::vector<Worker> workers;
  bool open;
  uint32_t time = 0;  // afterwards
};

const Case kCases[] = {
    {"alone", {{0}}, true},
    {"alone with many connections", {{5000}}, true},
    {"alone, and stale by its own slot", {{9, 0, kStale}}, true},
    {"alone, late in its virtual time", {{0, 4000}}, true, 4000},

    {"as many as the other", {{5}, {5}}, true},
    {"fewer than the other", {{0}, {5}}, true},
    {"ahead by the slack", {{2}, {0}}, true},
    {"ahead by more than the slack", {{3}, {0}}, false},
    {"ahead of one among many", {{7}, {9}, {9}, {4}, {9}}, false},
    {"few enough for the wide slack: 7 and 9", {{9}, {7}}, true},
    {"many, ahead by the slack of many: 8 and 9", {{9}, {8}}, true},
    {"many, ahead by more: 8 and 10", {{10}, {8}}, false},

    {"ahead of a loop that turns", {{3}, {0, 0, kTurning}}, false},
    {"ahead of a late loop by four times the slack", {{8}, {0, 0, kLate}}, true},
    {"ahead of a late loop by more", {{9}, {0, 0, kLate}}, false},
    {"ahead of a stale loop only", {{3}, {0, 0, kStale}}, true},
    {"ahead of a worker just rung by four times the slack", {{8}, {0, 0, kRung}}, true},
    {"ahead of a worker just rung by more", {{9}, {0, 0, kRung}}, false},
    {"ahead of one that does not answer only", {{900}, {0, 0, kDeaf}}, true},
    {"ahead of a worker that does not share", {{3}, {0, 0, kIdle, false}}, true},
    {"a stale loop does not hide the idle one", {{3}, {0, 0, kStale}, {0}}, false},

    {"its turn is not over: 15 taken", {{0, 15}, {0, 0}}, true, 15},
    {"its turn is over: 16 taken", {{0, 16}, {0, 0}}, false, 16},
    {"somebody else is further: the turn is not over", {{0, 16}, {0, 0}, {0, 17}}, true, 16},
    {"the one behind does not count", {{0, 16}, {0, 0, kStale}}, true, 16},
    {"the one behind may be busy", {{0, 16}, {0, 0, kLate}}, true, 16},
    {"the one behind does not share", {{0, 16}, {0, 0, kIdle, false}}, true, 16},
    {"the one behind has more connections than are even", {{0, 16}, {3, 0}}, true, 16},
    {"the one behind has as many as are even", {{0, 16}, {2, 0}}, false, 16},

    {"virtual time goes round: 16 taken", {{0, 7}, {0, ~0u - 8}}, false, 7},
    {"virtual time goes round: 15 taken", {{0, 6}, {0, ~0u - 8}}, true, 6},
    {"virtual time goes round: behind", {{0, ~0u - 8}, {0, 7}}, true, ~0u - 8},
    {"half the circle away", {{0, 0}, {0, 0x80000000u}}, true},

    {"was away: brought up to a turn behind", {{0, 10}, {0, 5000}}, true, 4984},
    {"was away, over the wrap", {{0, ~0u - 99}, {0, 100}}, true, 84},
    {"brought up by a stale worker too", {{0, 10}, {0, 5000, kStale}, {0, 9}}, true, 4984},
    {"not brought up by one that does not share", {{0, 10}, {0, 5000, kIdle, false}}, true, 10},
    {"a turn behind stays where it is", {{0, 10}, {0, 26}}, true, 10},
    {"brought up though its gate closes", {{9, 10}, {0, 5000}}, false, 4984},
    {"others that were away count as a turn behind", {{0, 5000}, {0, 10}, {0, 4999}}, false, 5000},
};

}  // namespace
}  // namespace evenkeel

int main() {
  using namespace evenkeel;
  for (const Case& one : kCases) {
    const GateDecision decision = Decide(TableOf(one.workers), 0);
    Check(decision.open == one.open, one.name, one.open ? "open expected" : "closed expected");
    Check(decision.virtual_time == one.time, one.name, "another virtual time expected");
  }
  return Failures();
}
