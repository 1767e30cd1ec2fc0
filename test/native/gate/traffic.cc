// A model of the kernel's line of sleepers and of the watchdog, for how evenly connections fall.
#include <algorithm>
#include <list>

#include "table.h"

namespace evenkeel {
namespace {

constexpr int kWatchdog = -1;

// All loops sleep between two connections: the next one finds who is in the kernel's line.
class Fleet {
 public:
  explicit Fleet(uint32_t workers) : workers_(workers), taken_(workers), slots_(workers) {
    for (uint32_t i = 0; i < workers; i++) {
      Turn(i);
      line_.push_back(static_cast<int>(i));
    }
    line_.push_back(kWatchdog);
  }

  // Wakes the first in line. Returns who takes it.
  uint32_t Connect() {
    const int first = line_.front();
    uint32_t taker = static_cast<uint32_t>(first);
    if (first == kWatchdog) {  // rings the best, and queues again behind everybody
      rings_++;
      taker = Best();
      line_.remove(kWatchdog);
    }
    workers_[taker].active++;
    workers_[taker].time++;
    taken_[taker]++;
    Turn(taker);
    if (first == kWatchdog) line_.push_back(kWatchdog);
    return taker;
  }

  void Disconnect(uint32_t worker) {
    workers_[worker].active--;
    Turn(worker);
  }

  // A worker takes part anew: its slot begins at zero.
  void Restart(uint32_t worker) {
    workers_[worker] = {};
    taken_[worker] = 0;
    Turn(worker);
  }

  double Unevenness() const {
    uint32_t sum = 0;
    for (uint32_t taken : taken_) sum += taken;
    const double mean = static_cast<double>(sum) / static_cast<double>(taken_.size());
    return *std::max_element(taken_.begin(), taken_.end()) / mean;
  }

  uint32_t taken(uint32_t worker) const { return taken_[worker]; }
  void Forget() { std::fill(taken_.begin(), taken_.end(), 0); }
  int rings() const { return rings_; }

 private:
  // The worker's loop turns: it decides, and enters or leaves the line.
  void Turn(uint32_t worker) {
    Write(workers_[worker], &slots_[worker]);
    const GateDecision decision = Decide(slots_, worker, now_ += 97'003);
    workers_[worker].time = decision.virtual_time;
    Write(workers_[worker], &slots_[worker]);
    const int id = static_cast<int>(worker);
    const auto place = std::find(line_.begin(), line_.end(), id);
    if (!decision.open && place != line_.end()) line_.erase(place);
    if (decision.open && place == line_.end()) line_.push_back(id);
  }

  // As Watchdog::RingBest().
  uint32_t Best() const {
    uint32_t best = 0;
    for (uint32_t i = 1; i < workers_.size(); i++) {
      const int32_t ahead = static_cast<int32_t>(workers_[i].time - workers_[best].time);
      const bool fewer = workers_[i].active < workers_[best].active;
      if (fewer || (workers_[i].active == workers_[best].active && ahead < 0)) best = i;
    }
    return best;
  }

  std::vector<Worker> workers_;
  std::vector<uint32_t> taken_;
  std::vector<Slot> slots_;
  std::list<int> line_;
  int rings_ = 0;
  uint64_t now_ = kNow;  // moves on: which others are looked at depends on it
};

void Sequential(uint32_t workers, int connections) {
  Fleet fleet(workers);
  for (int i = 0; i < connections; i++) fleet.Disconnect(fleet.Connect());
  std::printf("%u workers, %d one after another: max/mean %.3f, %d rings\n", workers, connections,
              fleet.Unevenness(), fleet.rings());
  Check(fleet.Unevenness() <= 1.05, "sequential traffic is even");
}

void Held(uint32_t workers, int connections, double limit) {
  Fleet fleet(workers);
  for (int i = 0; i < connections; i++) fleet.Connect();
  std::printf("%u workers, %d held: max/mean %.3f, %d rings\n", workers, connections,
              fleet.Unevenness(), fleet.rings());
  Check(fleet.Unevenness() <= limit, "held connections are even");
}

// Who comes late, or back, takes its share from then on and not what it missed.
void Latecomer() {
  Fleet fleet(4);
  for (int i = 0; i < 10'000; i++) fleet.Disconnect(fleet.Connect());
  fleet.Restart(2);
  fleet.Forget();
  for (int i = 0; i < 100; i++) fleet.Disconnect(fleet.Connect());
  std::printf("of 100 after a restart it takes %u\n", fleet.taken(2));
  Check(fleet.taken(2) <= 25 + 2 * kTurn, "no flood for who was away");
  for (int i = 0; i < 3900; i++) fleet.Disconnect(fleet.Connect());
  Check(fleet.Unevenness() <= 1.05, "even again after a restart");
}

}  // namespace
}  // namespace evenkeel

int main() {
  using namespace evenkeel;
  for (uint32_t workers : {2u, 4u, 16u}) Sequential(workers, 4000);
  Sequential(64, 64'000);
  Held(4, 100, 1.04);
  Held(4, 1000, 1.04);
  Held(16, 1600, 1.04);
  Held(64, 6400, 1.1);
  Latecomer();
  return Failures();
}
