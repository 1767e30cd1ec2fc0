#include "peer.h"

#include <sys/socket.h>

#include "../error.h"

namespace evenkeel {

Napi::Value PeerUid(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsNumber()) throw Napi::TypeError::New(env, "peerUid: a descriptor expected");
  ucred credentials{};
  Guard(env, [&] {
    const int fd = info[0].As<Napi::Number>().Int32Value();
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
      ThrowErrno("getsockopt");
    }
    // Of a socket that is no Unix socket, or has no peer: the kernel answers with -1.
    if (credentials.uid == static_cast<uid_t>(-1)) throw SystemFailure{ENOTCONN, "getsockopt"};
  });
  return Napi::Number::New(env, credentials.uid);
}

}  // namespace evenkeel
