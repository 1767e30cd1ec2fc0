#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace evenkeel {

// How many connections to expect until the next weights: as many as came since the last ones, at
// least one for each. `before` and `loads` are of the same members.
inline uint32_t ToExpect(const std::vector<uint32_t>& before, const std::vector<uint32_t>& loads) {
  constexpr uint32_t kMost = 4096;  // of a table's garbage
  uint32_t came = 0;
  for (size_t i = 0; i < loads.size(); i++) {
    if (loads[i] > before[i]) came = std::min(came + std::min(loads[i] - before[i], kMost), kMost);
  }
  return std::max(came, static_cast<uint32_t>(loads.size()));
}

// Weights of a random choice that evens out loads, for who cannot know each load at each choice:
// the next `ahead` (>= 1) connections are poured over the least loaded as water into a valley, and
// each gets as much of what comes as it would hold of that; 0 who is above the water, or not
// eligible. With one `ahead` all that comes until the next weights would go to whoever happens to
// have one less (test/native/selector/least-connections.cc has figures). Where somebody is new and
// empty it does have all: what comes in a millisecond does not fill it, and the others get theirs
// once it is level.
inline std::vector<uint32_t> WeightsFor(const std::vector<uint32_t>& loads,
                                        const std::vector<bool>& eligible, uint32_t ahead) {
  std::vector<uint32_t> sorted;
  for (size_t i = 0; i < loads.size(); i++) {
    if (eligible[i]) sorted.push_back(loads[i]);
  }
  std::sort(sorted.begin(), sorted.end());
  // The level is `height` / `under`, where the `under` lowest are under water.
  uint64_t under = 0;
  uint64_t height = ahead;
  for (const uint32_t load : sorted) {
    if (under > 0 && height <= under * load) break;
    height += load;
    under++;
  }
  std::vector<uint32_t> weights(loads.size(), 0);
  for (size_t i = 0; i < loads.size(); i++) {
    const uint64_t bed = under * loads[i];
    if (eligible[i] && bed < height) weights[i] = static_cast<uint32_t>(height - bed);
  }
  return weights;
}

}  // namespace evenkeel
