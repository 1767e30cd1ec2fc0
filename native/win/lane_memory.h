#pragma once

#include <winsock2.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace evenkeel {

// A lane on Windows: memory of two processes. The primary duplicates each connection for the worker
// (WSADuplicateSocketW()) and writes what that gave into the next entry; the worker opens it, and
// says so. The primary keeps its own descriptor until then, so what is not taken can be given to
// another.
//
// Whose turn it is with an entry says its state, changed by compare-and-swap where both may:
//   kEmpty  → kSent      the primary
//   kSent  → kTaking    the worker, about to open it
//   kTaking → kTaken    it has; the primary lets go of its own, → kEmpty
//   kTaking → kRefused  it cannot; the primary takes it back, → kEmpty
//   kSent  → kRecalled  the primary takes it back; the worker has a duplicate in its handle table
//                       still, closes that when it comes past, → kEmpty
// What else a worker may write there harms its own connections alone.
enum LaneState : uint32_t { kEmpty = 0, kSent, kTaking, kTaken, kRefused, kRecalled };

struct LaneEntry {
  std::atomic<uint32_t> state;  // LaneState
  uint32_t lease;
  uint32_t hops;
  WSAPROTOCOL_INFOW socket;
};

// More than are ever sent ahead, kMaxDepth and a burst.
constexpr uint32_t kLaneEntries = 64;
constexpr uint32_t kLaneMagic = 0x4c764b57;  // "WKvL" with a version
constexpr size_t kNameSize = 64;

struct LaneMemory {
  uint32_t magic;
  std::atomic<uint32_t> nudged;  // primary sets, worker clears: a burst of none
  char waker[kNameSize];         // event: wakes the primary's reactor
  LaneEntry entries[kLaneEntries];
};

}  // namespace evenkeel
