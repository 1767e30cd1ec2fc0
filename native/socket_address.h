#pragma once

#include <uv.h>  // brings the system's socket addresses

#include <cstdint>
#include <string>

#include "socket.h"

namespace evenkeel {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// Throws SystemFailure of bind() where it is none.
SocketAddress ParseAddress(const std::string& host, int family, int port);

// Where a socket is bound. Throws SystemFailure.
SocketAddress LocalSocketAddress(int fd);

}  // namespace evenkeel
