#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "../burst.h"
#include "../unique_fd.h"

// What travels on the channel between the primary and one worker: SOCK_SEQPACKET keeps messages
// whole and in order, SCM_RIGHTS carries at most one descriptor with each. Connections have a way
// of their own, see lane_pipe.h.
namespace evenkeel {

enum class MessageType : uint8_t {
  kHello = 1,     // primary → worker, before its first instruction: settings, the load table
  kAnswer = 2,    // primary → worker: reply to "may I listen?", perhaps with a listening socket
  kBell = 3,      // primary → worker, with hello: what the watchdog rings
  kLane = 4,      // primary → worker, with hello: where connections come, see lane_pipe.h
  kWaker = 5,     // primary → worker, with hello: what wakes the primary's reactor
  kReturned = 6,  // worker → primary: a connection it cannot take
  kDrain = 7,     // primary → worker: finish what you have and end
  kLend = 8,  // primary → worker: what a lease was promised comes now, with its listening socket
};

struct Message {
  MessageType type = MessageType::kHello;
  uint8_t hops = 0;  // how many workers have returned this connection; kFinalHop: do not return it
  uint32_t lease = 0;  // which worker's share in which listener
  std::string payload;
  UniqueFd fd;
};

constexpr size_t kMaxPayload = 60 * 1024;

// The message keeps its fd: the kernel holds its own reference from kSent on. Throws SystemFailure
// for what neither waiting nor giving up on the peer would mend.
SendResult Send(int channel, const Message& message);
ReceiveResult Receive(int channel, Message* message);

// sendmsg(2) that neither waits nor raises SIGPIPE. As Send().
SendResult SendNow(int socket, const msghdr* out);

void CloseOnExec(int fd);

// Two ends of a channel, close-on-exec and non-blocking. Throws SystemFailure.
void MakeChannel(UniqueFd* one, UniqueFd* other);

}  // namespace evenkeel
