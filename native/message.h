#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "unique_fd.h"

// What travels on the channel between the primary and one worker: SOCK_SEQPACKET keeps messages
// whole and in order, SCM_RIGHTS carries the descriptors: one at most, and up to kMaxBatch
// connections.
namespace evenkeel {

enum class MessageType : uint8_t {
  kHello = 1,       // primary → worker, before its first instruction: settings, the load table
  kAnswer = 2,      // primary → worker: reply to "may I listen?", perhaps with a listening socket
  kConnection = 3,  // primary → worker: an accepted connection
  kReturned = 4,    // worker → primary: a connection it cannot take
  kDrain = 5,       // primary → worker: finish what you have and end
  kBell = 6,        // primary → worker, with hello: what the watchdog rings
};

struct Message {
  MessageType type = MessageType::kHello;
  uint8_t hops = 0;  // how many workers have returned this connection; kFinalHop: do not return it
  uint32_t lease = 0;  // which worker's share in which listener
  std::string payload;
  UniqueFd fd;
  std::vector<UniqueFd> more;  // kConnection: the rest of a burst, under the same lease
};

// A burst travels as one message: per connection that is a fraction of what one each costs.
constexpr size_t kMaxBatch = 16;
constexpr uint8_t kFinalHop = 255;
constexpr size_t kMaxPayload = 60 * 1024;

enum class SendResult { kSent, kAgain, kClosed };
enum class ReceiveResult {
  kMessage,
  kNone,       // nothing waits
  kNoFd,       // a message may wait, but this process has no descriptor left to receive with
  kClosed,     // the other end is gone
  kMalformed,  // not one of ours; its descriptors have been closed
};

// The message keeps its fd: the kernel holds its own reference from kSent on. Throws SystemFailure
// for what neither waiting nor giving up on the peer would mend.
SendResult Send(int channel, const Message& message);
ReceiveResult Receive(int channel, Message* message);

// Two ends of a channel, close-on-exec and non-blocking. Throws SystemFailure.
void MakeChannel(UniqueFd* one, UniqueFd* other);

}  // namespace evenkeel
