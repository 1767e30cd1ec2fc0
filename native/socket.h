#pragma once

#include <cstdint>
#include <string>

#include "unique_fd.h"

// The native contract with the operating system: what a platform must be able to do with sockets.
// Every function throws SystemFailure. Implemented in socket_address.cc, posix/listener.cc and
// win/listener.cc.
namespace evenkeel {

// Accepted connections have TCP_NODELAY where their listener has.
extern const bool kInheritsNoDelay;
// A port may be in use for a while after its last listener has closed: while connections are open.
extern const bool kPortLingers;
// Closing a worker's descriptor of a socket it shares may be what closes the socket, though the
// primary has its own.
extern const bool kCloseMayReset;

struct Address {
  std::string host;
  int family = 4;  // 4 or 6
  int port = 0;
};

struct ListenOptions {
  std::string host;  // empty: the unspecified address, IPv6 dual stack where there is IPv6
  int family = 4;    // of `host`
  int port = 0;      // 0: the kernel chooses
  bool ipv6_only = false;
  int backlog = 511;
  bool no_delay = false;  // connections inherit TCP_NODELAY
};

// A listening socket, non-blocking and close-on-exec, bound as libuv binds: SO_REUSEADDR set,
// IPV6_V6ONLY set or cleared explicitly. Exclusive: another listener on the address is EADDRINUSE.
// On Windows SO_REUSEADDR would allow just that; it is SO_EXCLUSIVEADDRUSE there, against others
// who set it.
UniqueFd Listen(const ListenOptions& options);
// The same for one address, whatever `options` says.
UniqueFd ListenOn(const std::string& host, const ListenOptions& options, int family);

// A listening TCP socket that somebody else made: non-blocking and close-on-exec from now on.
// EINVAL where it is anything else. Not on Windows.
UniqueFd TakeListener(UniqueFd fd);

// Whether connections have TCP_NODELAY, and how many may wait, from now on.
void SetNoDelay(int fd, bool no_delay);
void SetBacklog(int fd, int backlog);

// No program chooses among the members of the group `fd` belongs to: the kernel's hash does.
// Nothing where none did, and where the kernel (before Linux 5.3) cannot.
void DetachSelector(int fd);

// Opens the listener to further members of this process's uid. Called after listen(2), so that the
// exclusive bind has already refused everyone else's port.
void AllowReusePort(int fd);

// One more member of the reuseport group `fd` belongs to, same address, listening.
UniqueFd ListenAsMember(int fd, int backlog);

Address LocalAddress(int fd);

// Whether it is an IPv6 socket for IPv6 alone.
bool IsIpv6Only(int fd);

// The next connection of the accept queue, non-blocking and close-on-exec; invalid if there is
// none.
UniqueFd Accept(int fd);

// Of whom a connection came: a hash of the address without the port, IPv4 as mapped into IPv6.
// Also 0 where the connection has ended already.
uint32_t SourceOf(int connection, uint64_t seed);

// Completes a handshake only when the client's first bytes are there, or after a second: one
// wake-up for both. tcp(7), TCP_DEFER_ACCEPT. Not for servers that speak first.
void DeferAccept(int fd, bool defer);

// Connections in the accept queue. Windows tells only whether there are any, 0 or 1, and so do
// emulations of Linux (QEMU, gVisor).
int QueueLength(int fd);

// From now on new SYNs are dropped unanswered; handshakes under way complete and the queue can be
// emptied. Closing a listener without this resets whoever is in its queue. False where the system
// cannot (Windows) or does not let us (Linux, newer kernels without CAP_NET_ADMIN).
bool RefuseNewHandshakes(int fd);

// Whoever had the socket before may have been about to stop.
void AcceptNewHandshakes(int fd);

// One more descriptor, in this process.
UniqueFd Duplicate(int fd);

// A TCP socket bound to nothing.
UniqueFd UnboundSocket();

}  // namespace evenkeel
