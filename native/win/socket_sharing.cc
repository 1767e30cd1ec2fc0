#include "socket_sharing.h"

#include "../error.h"
#include "../socket.h"
#include "inheritance.h"

namespace evenkeel {

void DuplicateFor(int socket, uint32_t pid, WSAPROTOCOL_INFOW* shared) {
  if (WSADuplicateSocketW(socket, pid, shared) != 0) ThrowErrno("WSADuplicateSocket");
}

UniqueFd OpenShared(WSAPROTOCOL_INFOW shared) {
  std::shared_lock<std::shared_mutex> lock(InheritanceLock());
  const SOCKET socket = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
                                   &shared, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (socket == INVALID_SOCKET) ThrowErrno("WSASocket");
  UniqueFd fd(static_cast<int>(socket));
  // The duplicate was made by the other process: that flag is about sockets made here. Fails only
  // for what is no handle.
  SetHandleInformation(reinterpret_cast<HANDLE>(socket), HANDLE_FLAG_INHERIT, 0);
  // Whether a duplicate is as its original was, nobody says.
  MakeNonBlocking(fd.get());
  return fd;
}

void MakeNonBlocking(int socket) {
  u_long on = 1;
  if (ioctlsocket(socket, FIONBIO, &on) != 0) ThrowErrno("ioctlsocket");
}

UniqueFd Duplicate(int fd) {
  WSAPROTOCOL_INFOW shared{};
  DuplicateFor(fd, GetCurrentProcessId(), &shared);
  return OpenShared(shared);
}

}  // namespace evenkeel
