#pragma once

#include <array>
#include <cstdint>

#include "message.h"
#include "unique_fd.h"

// What travels on a lane: accepted connections from the primary to one worker, several in one
// message when several wait. SOCK_SEQPACKET keeps a burst whole, SCM_RIGHTS carries it.
namespace evenkeel {

// Per connection a burst of 16 costs a seventh of what one each costs; more gains little.
constexpr uint32_t kMaxBurst = 16;

struct Burst {
  uint32_t lease = 0;  // which worker's share in which listener
  uint8_t hops = 0;    // how many workers have returned them; kFinalHop: do not return them
  uint32_t count = 0;  // 0: only wakes who receives
  std::array<UniqueFd, kMaxBurst> fds;  // `count` of them
  // Came in the message, and found no number in this process: their clients see a reset. Who
  // receives makes sure of numbers first, see FdRoom.
  uint32_t lost = 0;
};

// Two ends of a lane, close-on-exec and non-blocking. Throws SystemFailure.
void MakeLane(UniqueFd* in, UniqueFd* out);

// The burst keeps its descriptors: the kernel holds its own references from kSent on. Throws
// SystemFailure for what neither waiting nor giving up on the lane would mend.
SendResult SendBurst(int lane, const Burst& burst);

// True where the lane has nothing to receive.
bool IsEmpty(int lane);

// `burst` is replaced. Never kNoFd.
ReceiveResult ReceiveBurst(int lane, Burst* burst);

}  // namespace evenkeel
