#include <winsock2.h>
#include <ws2tcpip.h>
// After them.
#include <iphlpapi.h>

#include <algorithm>
#include <vector>

#include "../error.h"
#include "../socket.h"
#include "../socket_address.h"
#include "inheritance.h"
#include "socket_sharing.h"

// MinGW does not have it; see listen() in Microsoft's documentation.
#ifndef SOMAXCONN_HINT
#define SOMAXCONN_HINT(backlog) (-(backlog))
#endif

namespace evenkeel {
namespace {

constexpr int kMostPlainBacklog = 200;

void SetOption(int fd, int level, int option, int value) {
  if (setsockopt(fd, level, option, reinterpret_cast<const char*>(&value), sizeof value) != 0) {
    ThrowErrno("setsockopt");
  }
}

// Overlapped, as libuv needs it, and not inherited by other processes.
UniqueFd StreamSocket(int domain) {
  const SOCKET socket = WSASocketW(domain, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                                   WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (socket == INVALID_SOCKET) ThrowErrno("WSASocket");
  return UniqueFd(static_cast<int>(socket));
}

template <typename Table>
bool HasPort(ULONG(WINAPI* get)(Table*, ULONG*, BOOL), u_short port) {
  std::vector<char> memory;
  ULONG size = 0;
  ULONG error;
  do {  // it may grow meanwhile
    memory.resize(size);
    error = get(reinterpret_cast<Table*>(memory.data()), &size, FALSE);
  } while (error == ERROR_INSUFFICIENT_BUFFER);
  if (error != NO_ERROR) return false;  // that protocol is not there
  const auto* table = reinterpret_cast<const Table*>(memory.data());
  return std::any_of(table->table, table->table + table->dwNumEntries,
                     [&](const auto& row) { return row.dwLocalPort == htons(port); });
}

// Whether somebody listens on the port, or has connections of it.
bool IsTaken(int port) {
  const auto number = static_cast<u_short>(port);
  return HasPort(GetTcpTable, number) || HasPort(GetTcp6Table, number);
}

// A plain number is taken as 200 at most.
int BacklogOf(int wanted) { return wanted > kMostPlainBacklog ? SOMAXCONN_HINT(wanted) : wanted; }

}  // namespace

// It may be so, but nobody says it is.
const bool kInheritsNoDelay = false;
const bool kPortLingers = true;
// The primary closes its own first, since it cannot keep new handshakes off.
const bool kCloseMayReset = true;

int LastError() { return static_cast<int>(GetLastError()); }

// Fails only for what is no socket.
void CloseDescriptor(int fd) { closesocket(fd); }

UniqueFd UnboundSocket() { return StreamSocket(AF_INET); }

UniqueFd ListenOn(const std::string& host, const ListenOptions& options, int family) {
  SocketAddress address = ParseAddress(host, family, options.port);
  UniqueFd fd = StreamSocket(family == 6 ? AF_INET6 : AF_INET);
  SetOption(fd.get(), SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);
  if (family == 6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0);
  MakeNonBlocking(fd.get());
  if (bind(fd.get(), address.get(), address.length) != 0) {
    // WSAEACCES is the answer of a port that Windows keeps for itself (netsh interface ipv4 show
    // excludedportrange tcp), and also of one that somebody else has exclusively.
    const int number = LastError();
    const bool taken = number == WSAEACCES && options.port != 0 && IsTaken(options.port);
    throw SystemFailure{taken ? WSAEADDRINUSE : number, "bind", host, options.port};
  }
  if (listen(fd.get(), BacklogOf(options.backlog)) != 0) {
    throw SystemFailure{LastError(), "listen", host, options.port};
  }
  return fd;
}

UniqueFd TakeListener(UniqueFd) { throw SystemFailure{kNotSupported, "accept"}; }

// Of sockets that were taken.
void SetNoDelay(int, bool) { throw SystemFailure{kNotSupported, "setsockopt"}; }

void SetBacklog(int, int) { throw SystemFailure{kNotSupported, "listen"}; }

void DetachSelector(int) { throw SystemFailure{kNotSupported, "setsockopt"}; }

void AllowReusePort(int) { throw SystemFailure{kNotSupported, "setsockopt"}; }

UniqueFd ListenAsMember(int, int) { throw SystemFailure{kNotSupported, "setsockopt"}; }

UniqueFd Accept(int fd) {
  std::shared_lock<std::shared_mutex> lock(InheritanceLock());
  for (;;) {
    const SOCKET socket = accept(fd, nullptr, nullptr);
    if (socket != INVALID_SOCKET) {
      UniqueFd connection(static_cast<int>(socket));
      // Fails only for what is no handle.
      SetHandleInformation(reinterpret_cast<HANDLE>(socket), HANDLE_FLAG_INHERIT, 0);
      return connection;
    }
    switch (WSAGetLastError()) {
      case WSAEWOULDBLOCK:
        return UniqueFd();
      // The peer gave up. The next one in the queue is unharmed.
      case WSAECONNRESET:
      case WSAECONNABORTED:
      case WSAEINTR:
        continue;
      default:
        ThrowErrno("accept");
    }
  }
}

void DeferAccept(int, bool defer) {
  if (defer) throw SystemFailure{kNotSupported, "setsockopt"};
}

int QueueLength(int fd) {
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(static_cast<SOCKET>(fd), &readable);
  timeval now{0, 0};
  const int count = select(0, &readable, nullptr, nullptr, &now);
  if (count < 0) ThrowErrno("select");
  return count;
}

bool RefuseNewHandshakes(int) { return false; }

void AcceptNewHandshakes(int) {}

}  // namespace evenkeel
