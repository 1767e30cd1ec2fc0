#pragma once

#include <shared_mutex>

namespace evenkeel {

// WSADuplicateSocketW() makes sockets that a new process inherits until they are told not to be
// inherited. A worker that began in between would keep a stranger's connection open for as long as
// it lives: its client would never see it end. Held shared while such a socket is opened here, and
// exclusively while a worker's process is made. Two moments are not covered: processes that the
// application makes itself, as with any socket that libuv accepts in another thread; and between a
// worker's duplicating what it gives back and this process's opening it.
std::shared_mutex& InheritanceLock();

}  // namespace evenkeel
