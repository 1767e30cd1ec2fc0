#include "../platform.h"
#include "../posix/channel.h"
#include "../posix/datagram.h"
#include "../posix/peer.h"
#include "group.h"
#include "parent_death.h"
#include "selector.h"

namespace evenkeel {

void InitPlatform(Napi::Env env, Napi::Object exports) {
  Channel::Init(env, exports);
  InitDatagram(env, exports);
  InitParentDeath(env, exports);
  Selector::Init(env, exports);
  Group::Init(env, exports);
  exports.Set("peerUid", Napi::Function::New(env, PeerUid));
}

}  // namespace evenkeel
