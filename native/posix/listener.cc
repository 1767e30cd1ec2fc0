
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

#include "../error.h"
#include "../socket.h"
#include "../source_hash.h"

namespace evenkeel {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress Parse(const std::string& host, int family, int port) {
  SocketAddress address;
  int result;
  if (family == 6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    result = uv_ip6_addr(host.c_str(), port, in6);
    address.length = sizeof *in6;
  } else {
    auto* in4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    result = uv_ip4_addr(host.c_str(), port, in4);
    address.length = sizeof *in4;
  }
  if (result != 0) throw SystemFailure{EINVAL, "bind", host, port};
  return address;
}

void SetOption(int fd, int level, int option, int value) {
  if (setsockopt(fd, level, option, &value, sizeof value) != 0) ThrowErrno("setsockopt");
}

void CopyOption(int from, int to, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(from, level, option, &value, &size) != 0) ThrowErrno("getsockopt");
  SetOption(to, level, option, value);
}

UniqueFd StreamSocket(int domain) {
  UniqueFd fd(socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) ThrowErrno("socket");
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  return fd;
}

UniqueFd ListenOn(const std::string& host, const ListenOptions& options, int family) {
  SocketAddress address = Parse(host, family, options.port);
  UniqueFd fd = StreamSocket(family == 6 ? AF_INET6 : AF_INET);
  if (options.no_delay) SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (family == 6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0);
  if (bind(fd.get(), address.get(), address.length) != 0) {
    throw SystemFailure{errno, "bind", host, options.port};
  }
  if (listen(fd.get(), options.backlog) != 0) {
    throw SystemFailure{errno, "listen", host, options.port};
  }
  return fd;
}

sockaddr_storage LocalSocketAddress(int fd, socklen_t* length) {
  sockaddr_storage storage{};
  *length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0) {
    ThrowErrno("getsockname");
  }
  return storage;
}

}  // namespace

UniqueFd Listen(const ListenOptions& options) {
  if (!options.host.empty()) return ListenOn(options.host, options, options.family);
  try {
    return ListenOn("::", options, 6);
  } catch (const SystemFailure& failure) {
    // As Node with libuv, which reports a port that is taken from listen(2), too late for another
    // try.
    if (failure.number == EADDRINUSE) throw;
    // Whatever else kept us from `::` (no IPv6 here): the failure of `0.0.0.0` is the one reported.
    return ListenOn("0.0.0.0", options, 4);
  }
}

void AllowReusePort(int fd) { SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1); }

UniqueFd ListenAsMember(int fd, int backlog) {
  socklen_t length;
  sockaddr_storage storage = LocalSocketAddress(fd, &length);
  UniqueFd member = StreamSocket(storage.ss_family);
  SetOption(member.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  CopyOption(fd, member.get(), IPPROTO_TCP, TCP_NODELAY);
  if (storage.ss_family == AF_INET6) CopyOption(fd, member.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  const Address address = LocalAddress(fd);
  if (bind(member.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) {
    throw SystemFailure{errno, "bind", address.host, address.port};
  }
  if (listen(member.get(), backlog) != 0) {
    throw SystemFailure{errno, "listen", address.host, address.port};
  }
  return member;
}

Address LocalAddress(int fd) {
  socklen_t length;
  const sockaddr_storage storage = LocalSocketAddress(fd, &length);
  char host[INET6_ADDRSTRLEN] = {};
  Address address;
  if (storage.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    uv_ip6_name(in6, host, sizeof host);
    address.family = 6;
    address.port = ntohs(in6->sin6_port);
  } else {
    const auto* in4 = reinterpret_cast<const sockaddr_in*>(&storage);
    uv_ip4_name(in4, host, sizeof host);
    address.port = ntohs(in4->sin_port);
  }
  address.host = host;
  return address;
}

UniqueFd Accept(int fd) {
  for (;;) {
    UniqueFd connection(accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.valid()) return connection;
    switch (errno) {
      case EAGAIN:
        return connection;
      // accept(2): the peer gave up, or an error was already pending on the new connection. The
      // next one in the queue is unharmed.
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENOPROTOOPT:
      case ENONET:
        continue;
      default:
        ThrowErrno("accept4");
    }
  }
}

uint32_t SourceOf(int connection, uint64_t seed) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getpeername(connection, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  SourceAddress address{0, 0, 0xffff, 0};
  if (storage.ss_family == AF_INET6) {
    memcpy(address.data(), &reinterpret_cast<sockaddr_in6&>(storage).sin6_addr, sizeof(in6_addr));
    for (uint32_t& word : address) word = ntohl(word);
  } else {
    address[3] = ntohl(reinterpret_cast<sockaddr_in&>(storage).sin_addr.s_addr);
  }
  return SourceHash(address, seed);
}

void DeferAccept(int fd, bool defer) {
  SetOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, defer ? 1 : 0);  // in seconds
}

int QueueLength(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) ThrowErrno("getsockopt");
  return static_cast<int>(info.tcpi_unacked);  // of a listener: sk_ack_backlog
}

void RefuseNewHandshakes(int fd) {
  // A socket filter on a listener sees each TCP header addressed to it, before a SYN makes
  // anything.
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),           // the flags
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),        // SYN and ACK
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),  // a SYN alone begins a connection:
      BPF_STMT(BPF_RET | BPF_K, 0),                     //   dropped, the client tries again in 1 s
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),            // the last ACK of a handshake passes
  };
  sock_fprog program{sizeof code / sizeof code[0], code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    ThrowErrno("setsockopt");
  }
}

UniqueFd Duplicate(int fd) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) ThrowErrno("fcntl");
  return copy;
}

void CloseOnExec(int fd) {
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) ThrowErrno("fcntl");
}

}  // namespace evenkeel
