#include "socket_address.h"

#include <cstring>

#include "error.h"
#include "source_hash.h"

namespace evenkeel {

SocketAddress ParseAddress(const std::string& host, int family, int port) {
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
  if (result != 0) throw SystemFailure{kInvalidArgument, "bind", host, port};
  return address;
}

SocketAddress LocalSocketAddress(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (getsockname(fd, address.get(), &address.length) != 0) ThrowErrno("getsockname");
  return address;
}

Address LocalAddress(int fd) {
  SocketAddress local = LocalSocketAddress(fd);
  char host[INET6_ADDRSTRLEN] = {};
  Address address;
  if (local.storage.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&local.storage);
    uv_ip6_name(in6, host, sizeof host);
    address.family = 6;
    address.port = ntohs(in6->sin6_port);
  } else {
    const auto* in4 = reinterpret_cast<const sockaddr_in*>(&local.storage);
    uv_ip4_name(in4, host, sizeof host);
    address.port = ntohs(in4->sin_port);
  }
  address.host = host;
  return address;
}

bool IsIpv6Only(int fd) {
  if (LocalSocketAddress(fd).storage.ss_family != AF_INET6) return false;
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, reinterpret_cast<char*>(&value), &size) != 0) {
    ThrowErrno("getsockopt");
  }
  return value != 0;
}

uint32_t SourceOf(int connection, uint64_t seed) {
  SocketAddress peer;
  peer.length = sizeof peer.storage;
  if (getpeername(connection, peer.get(), &peer.length) != 0) return 0;
  SourceAddress address{0, 0, 0xffff, 0};
  if (peer.storage.ss_family == AF_INET6) {
    memcpy(address.data(), &reinterpret_cast<sockaddr_in6&>(peer.storage).sin6_addr,
           sizeof(in6_addr));
    for (uint32_t& word : address) word = ntohl(word);
  } else {
    address[3] = ntohl(reinterpret_cast<sockaddr_in&>(peer.storage).sin_addr.s_addr);
  }
  return SourceHash(address, seed);
}

UniqueFd Listen(const ListenOptions& options) {
  if (!options.host.empty()) return ListenOn(options.host, options, options.family);
  try {
    return ListenOn("::", options, 6);
  } catch (const SystemFailure& failure) {
    // As Node with libuv, which reports a port that is taken from listen(2), too late for another
    // try.
    if (failure.number == kAddressInUse) throw;
    // Whatever else kept us from `::` (no IPv6 here): the failure of `0.0.0.0` is the one reported.
    return ListenOn("0.0.0.0", options, 4);
  }
}

}  // namespace evenkeel
