#include "../bell.h"

namespace evenkeel {

Bell::Bell(Token token) {
  if (!token.empty()) native_ = Event::Open(std::move(token));
}

Bell Bell::Make() { return Bell(Event::Make(SecretName())); }

void Bell::Ring() const { native_.Set(); }

void Bell::Hear() const { native_.Take(); }

Token Bell::Share() const { return native_.name(); }

}  // namespace evenkeel
