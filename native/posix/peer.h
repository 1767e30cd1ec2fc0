#pragma once

#include <napi.h>

namespace evenkeel {

// peerUid(fd): the effective user id of who connected to this Unix socket, as of its connect();
// see unix(7), SO_PEERCRED. Throws what getsockopt() says.
Napi::Value PeerUid(const Napi::CallbackInfo& info);

}  // namespace evenkeel
