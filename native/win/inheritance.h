#pragma once

#include <shared_mutex>

namespace evenkeel {

// accept() makes sockets that a new process inherits until they are told not to be inherited, and
// so does WSADuplicateSocketW(). A worker that began in between would keep a stranger's connection
// open for as long as it lives: its client would never see it end. Held shared while such a socket
// may be there, and exclusively while a worker's process is made. Processes that the application
// makes itself meanwhile are its own affair, as with any socket that libuv accepts in another
// thread.
std::shared_mutex& InheritanceLock();

}  // namespace evenkeel
