#pragma once

#include <napi.h>

namespace evenkeel {

// sendDatagram(path, text): one datagram to a Unix socket, which Node cannot send; `@` begins an
// abstract name. Does not wait: EAGAIN where the receiver's queue is full.
void InitDatagram(Napi::Env env, Napi::Object exports);

}  // namespace evenkeel
