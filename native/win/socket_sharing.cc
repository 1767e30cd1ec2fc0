#include "socket_sharing.h"

#include "../error.h"
#include "../socket.h"

namespace evenkeel {

void DuplicateFor(int socket, uint32_t pid, WSAPROTOCOL_INFOW* shared) {
  if (WSADuplicateSocketW(socket, pid, shared) != 0) ThrowErrno("WSADuplicateSocket");
}

UniqueFd OpenShared(WSAPROTOCOL_INFOW shared) {
  const SOCKET socket = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
                                   &shared, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (socket == INVALID_SOCKET) ThrowErrno("WSASocket");
  // The duplicate was made by the other process: that flag is about sockets made here. Fails only
  // for what is no handle.
  SetHandleInformation(reinterpret_cast<HANDLE>(socket), HANDLE_FLAG_INHERIT, 0);
  return UniqueFd(static_cast<int>(socket));
}

UniqueFd Duplicate(int fd) {
  WSAPROTOCOL_INFOW shared{};
  DuplicateFor(fd, GetCurrentProcessId(), &shared);
  return OpenShared(shared);
}

}  // namespace evenkeel
