#pragma once

#include "token.h"

#ifdef _WIN32
#include "win/event.h"
#endif

namespace evenkeel {

// Wakes one loop or thread, of this process or another; rung twice before it is heard, it is heard
// once.
class Bell {
 public:
#ifdef _WIN32
  using Native = Event;
#else
  using Native = UniqueFd;  // eventfd(2), non-blocking and close-on-exec
#endif

  // None.
  Bell() = default;
  // What another process shared; its token is taken in any case. Throws SystemFailure.
  explicit Bell(Token token);
  // Throws SystemFailure.
  static Bell Make();

  bool valid() const { return native_.valid(); }
  void Ring() const;
  // Hears everything rung so far.
  void Hear() const;
  Token Share() const;
  const Native& native() const { return native_; }
  void Close() { native_ = Native(); }

 private:
#ifdef _WIN32
  explicit Bell(Event event) : native_(std::move(event)) {}
#endif
  Native native_;
};

}  // namespace evenkeel
