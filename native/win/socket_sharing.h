#pragma once

#include <winsock2.h>

#include <cstdint>

#include "../unique_fd.h"

namespace evenkeel {

// Has a duplicate of the socket made in the process `pid`, to be opened there, once. The caller
// keeps its own open until then. Throws SystemFailure.
void DuplicateFor(int socket, uint32_t pid, WSAPROTOCOL_INFOW* shared);

// Non-blocking, and not inherited. Throws SystemFailure.
UniqueFd OpenShared(WSAPROTOCOL_INFOW shared);

// Throws SystemFailure.
void MakeNonBlocking(int socket);

}  // namespace evenkeel
