#include <winsock2.h>
#include <ws2tcpip.h>
// After them.
#include <iphlpapi.h>
#include <mswsock.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "../error.h"
#include "../socket.h"
#include "../socket_address.h"
#include "socket_sharing.h"
#include "unique_handle.h"

// MinGW does not have it; see listen() in Microsoft's documentation.
#ifndef SOMAXCONN_HINT
#define SOMAXCONN_HINT(backlog) (-(backlog))
#endif

namespace evenkeel {
namespace {

constexpr int kMostPlainBacklog = 200;
// How long a connection that waits may take to be accepted.
constexpr DWORD kWaitMs = 1;
constexpr int kMostWaits = 100;

void SetOption(int fd, int level, int option, const void* value, int length) {
  if (setsockopt(fd, level, option, static_cast<const char*>(value), length) != 0) {
    ThrowErrno("setsockopt");
  }
}

void SetOption(int fd, int level, int option, int value) {
  SetOption(fd, level, option, &value, sizeof value);
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

int FamilyOf(int fd) {
  sockaddr_storage address{};
  int length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    ThrowErrno("getsockname");
  }
  return address.ss_family;
}

LPFN_ACCEPTEX AcceptExOf(SOCKET listener) {
  static std::atomic<LPFN_ACCEPTEX> known{nullptr};  // all TCP sockets have the same one
  LPFN_ACCEPTEX found = known.load(std::memory_order_relaxed);
  if (found != nullptr) return found;
  GUID guid = WSAID_ACCEPTEX;
  DWORD length = 0;
  if (WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid, sizeof guid, &found,
               sizeof found, &length, nullptr, nullptr) != 0) {
    ThrowErrno("WSAIoctl");
  }
  known.store(found, std::memory_order_relaxed);
  return found;
}

// Has `connection` be the next one of the queue. WSA_OPERATION_ABORTED: there is none.
int TryAccept(SOCKET listener, SOCKET connection) {
  constexpr DWORD kAddress = sizeof(sockaddr_in6) + 16;  // as its documentation has it
  char addresses[2 * kAddress];
  const UniqueHandle event(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  if (!event.valid()) ThrowErrno("CreateEvent");
  OVERLAPPED call{};
  // With that bit no completion port hears of it, should the socket have one.
  call.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<uintptr_t>(event.get()) | 1);
  DWORD length = 0;
  if (AcceptExOf(listener)(listener, connection, addresses, 0, kAddress, kAddress, &length,
                           &call)) {
    return 0;
  }
  const int error = WSAGetLastError();
  if (error != WSA_IO_PENDING) return error;
  // Where a connection waits it comes true at once, and in Wine by and by.
  for (int i = 0; i < kMostWaits && QueueLength(static_cast<int>(listener)) > 0; i++) {
    if (WaitForSingleObject(event.get(), kWaitMs) == WAIT_OBJECT_0) break;
  }
  CancelIoEx(reinterpret_cast<HANDLE>(listener), &call);  // fails where it has just come true
  DWORD flags = 0;
  return WSAGetOverlappedResult(listener, &call, &length, TRUE, &flags) ? 0 : WSAGetLastError();
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

// accept() of a listener that several processes hold may block, non-blocking though it is: it looks
// whether a connection waits, and then waits for the one that another process has taken meanwhile.
// AcceptEx() asks once, and can be called off.
UniqueFd Accept(int fd) {
  const SOCKET listener = static_cast<SOCKET>(fd);
  while (QueueLength(fd) > 0) {
    UniqueFd connection = StreamSocket(FamilyOf(fd));
    const int error = TryAccept(listener, static_cast<SOCKET>(connection.get()));
    switch (error) {
      case 0:
        // Without it nobody can ask for its addresses.
        SetOption(connection.get(), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, &listener,
                  sizeof listener);
        MakeNonBlocking(connection.get());
        return connection;
      case WSA_OPERATION_ABORTED:
        return UniqueFd();
      // The peer gave up. The next one in the queue is unharmed.
      case WSAECONNRESET:
      case WSAECONNABORTED:
      case WSAENETRESET:
      case ERROR_NETNAME_DELETED:
        continue;
      default:
        throw SystemFailure{error, "AcceptEx"};
    }
  }
  return UniqueFd();
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
