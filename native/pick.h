#pragma once

#include <cstddef>
#include <cstdint>

namespace evenkeel {

// At most this many connections wait in a worker's channel. A default SEQPACKET socket would
// swallow some 278, and a stopped worker would sit on all of them.
constexpr uint32_t kMaxDepth = 32;

constexpr size_t kNobody = static_cast<size_t>(-1);

// Who gets the next connection: the next in turn after `last` of those with the fewest connections
// sent and not yet taken. While all keep up that is plain round robin; a worker that does not take
// what it was sent gets no more until the others are as far behind. `depth(i)` is its number of
// untaken connections, kMaxDepth or more: not now.
template <typename Depth>
size_t PickRoundRobin(size_t count, size_t last, Depth depth) {
  size_t best = kNobody;
  uint32_t fewest = kMaxDepth;
  for (size_t step = 1; step <= count; step++) {
    const size_t i = (last + step) % count;
    const uint32_t untaken = depth(i);
    if (untaken >= fewest) continue;
    best = i;
    fewest = untaken;
    if (untaken == 0) break;
  }
  return best;
}

}  // namespace evenkeel
