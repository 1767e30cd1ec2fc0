#include "datagram.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "../error.h"
#include "../unique_fd.h"

namespace evenkeel {
namespace {

void SendDatagram(const std::string& path, const std::string& text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_abstract = !path.empty() && path[0] == '@';
  // A path ends with a NUL, an abstract name with its length.
  const size_t room = sizeof address.sun_path - (is_abstract ? 0 : 1);
  if (path.empty() || path.size() > room) throw SystemFailure{EINVAL, "sendto", path};
  memcpy(address.sun_path, path.data(), path.size());
  if (is_abstract) address.sun_path[0] = '\0';
  const size_t length = offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1);

  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) ThrowErrno("socket");
  ssize_t sent;
  do {
    sent = sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL,
                  reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(length));
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) throw SystemFailure{errno, "sendto", path};
}

void Send(const Napi::CallbackInfo& info) {
  const std::string path = info[0].ToString().Utf8Value();
  const std::string text = info[1].ToString().Utf8Value();
  Guard(info.Env(), [&] { SendDatagram(path, text); });
}

}  // namespace

void InitDatagram(Napi::Env env, Napi::Object exports) {
  exports.Set("sendDatagram", Napi::Function::New(env, Send));
}

}  // namespace evenkeel
