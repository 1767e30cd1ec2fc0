#pragma once

#include <array>
#include <cstdint>

#include "unique_fd.h"

// Accepted connections on their way from the primary to one worker.
namespace evenkeel {

// Per connection a burst of 16 costs a seventh of what one each costs; more gains little.
constexpr uint32_t kMaxBurst = 16;
constexpr uint8_t kFinalHop = 255;

enum class SendResult { kSent, kAgain, kClosed };
enum class ReceiveResult {
  kMessage,
  kNone,       // nothing waits
  kNoFd,       // a message may wait, but this process has no descriptor left to receive with
  kClosed,     // the other end is gone
  kMalformed,  // not one of ours; its descriptors have been closed
};

struct Burst {
  uint32_t lease = 0;  // which worker's share in which listener
  uint8_t hops = 0;    // how many workers have returned them; kFinalHop: do not return them
  uint32_t count = 0;  // 0: only wakes who receives
  std::array<UniqueFd, kMaxBurst> fds;  // `count` of them
  // Came in the message, and could not be had in this process: their clients see a reset. Where
  // that is for want of numbers: who receives makes sure of them first, see FdRoom.
  uint32_t lost = 0;
};

}  // namespace evenkeel
