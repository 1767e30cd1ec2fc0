
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "../error.h"
#include "../socket.h"
#include "../socket_address.h"

namespace evenkeel {
namespace {

void SetOption(int fd, int level, int option, int value) {
  if (setsockopt(fd, level, option, &value, sizeof value) != 0) ThrowErrno("setsockopt");
}

int Option(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, level, option, &value, &size) != 0) ThrowErrno("getsockopt");
  return value;
}

void CopyOption(int from, int to, int level, int option) {
  SetOption(to, level, option, Option(from, level, option));
}

UniqueFd StreamSocket(int domain) {
  UniqueFd fd(socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) ThrowErrno("socket");
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  return fd;
}

}  // namespace

const bool kInheritsNoDelay = true;
const bool kPortLingers = false;
const bool kCloseMayReset = false;

UniqueFd ListenOn(const std::string& host, const ListenOptions& options, int family) {
  SocketAddress address = ParseAddress(host, family, options.port);
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

UniqueFd TakeListener(UniqueFd fd) {
  const int domain = Option(fd.get(), SOL_SOCKET, SO_DOMAIN);
  const bool is_tcp = (domain == AF_INET || domain == AF_INET6) &&
                      Option(fd.get(), SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP;
  if (!is_tcp || Option(fd.get(), SOL_SOCKET, SO_ACCEPTCONN) == 0) {
    throw SystemFailure{EINVAL, "accept"};
  }
  if (fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) ThrowErrno("fcntl");
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) ThrowErrno("fcntl");
  return fd;
}

void SetNoDelay(int fd, bool no_delay) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, no_delay ? 1 : 0);
}

// listen(2) of a socket that listens changes that alone.
void SetBacklog(int fd, int backlog) {
  if (listen(fd, backlog) != 0) ThrowErrno("listen");
}

void DetachSelector(int fd) {
  const int none = 0;
  if (setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none) == 0) return;
  if (errno != ENOENT && errno != ENOPROTOOPT) ThrowErrno("setsockopt");
}

void AllowReusePort(int fd) { SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1); }

UniqueFd ListenAsMember(int fd, int backlog) {
  SocketAddress local = LocalSocketAddress(fd);
  const int family = local.storage.ss_family;
  UniqueFd member = StreamSocket(family);
  SetOption(member.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  CopyOption(fd, member.get(), IPPROTO_TCP, TCP_NODELAY);
  if (family == AF_INET6) CopyOption(fd, member.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  const Address address = LocalAddress(fd);
  if (bind(member.get(), local.get(), local.length) != 0) {
    throw SystemFailure{errno, "bind", address.host, address.port};
  }
  if (listen(member.get(), backlog) != 0) {
    throw SystemFailure{errno, "listen", address.host, address.port};
  }
  return member;
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

void DeferAccept(int fd, bool defer) {
  SetOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, defer ? 1 : 0);  // in seconds
}

int QueueLength(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) ThrowErrno("getsockopt");
  // Of a listener: sk_ack_backlog, and sk_max_ack_backlog.
  if (info.tcpi_sacked != 0) return static_cast<int>(info.tcpi_unacked);
  // Not filled in: QEMU's user emulation gives an int's worth of it, gVisor zeros. Taken for an
  // empty queue, that would leave connections waiting with nobody called.
  pollfd queue{fd, POLLIN, 0};
  return poll(&queue, 1, 0) > 0 ? 1 : 0;  // EINTR: it was empty
}

bool RefuseNewHandshakes(int fd) {
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
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0) return true;
  // Since Linux commit 5d39580f68e6 (2026, and in the stable kernels since) a TCP socket's filter
  // takes CAP_NET_ADMIN. A fleet without it stops as where there are no filters.
  if (errno != EPERM) ThrowErrno("setsockopt");
  return false;
}

void AcceptNewHandshakes(int fd) {
  const int unused = 0;
  if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) == 0) return;
  // There is none; nor where it takes a capability that those have lacked who would have made it.
  if (errno != ENOENT && errno != EPERM) ThrowErrno("setsockopt");
}

UniqueFd Duplicate(int fd) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) ThrowErrno("fcntl");
  return copy;
}

// close(2): on Linux the descriptor is gone whatever is returned, EINTR included; a retry could
// close a descriptor another thread has just been given.
void CloseDescriptor(int fd) { close(fd); }

UniqueFd UnboundSocket() {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) ThrowErrno("socket");
  return fd;
}

int LastError() { return errno; }

}  // namespace evenkeel
