#include "load_table.h"

#include <cstddef>

#include "error.h"
#include "instance.h"

namespace evenkeel {

std::shared_ptr<LoadTableMapping> LoadTableMapping::Create(uint32_t slots) {
  auto mapping = std::make_shared<LoadTableMapping>(SharedMemory::Create(SizeOf(slots)), slots);
  mapping->Sign();
  return mapping;
}

std::shared_ptr<LoadTableMapping> LoadTableMapping::Open(Token token) {
  SharedMemory memory = OpenInKernel(token);
  if (memory.base() == nullptr) memory = SharedMemory::Open(std::move(token), SizeOf(1));
  const TableHeader* header = static_cast<TableHeader*>(memory.base());
  const uint32_t slots = header->slots;
  if (header->magic != kTableMagic || slots == 0 || slots > kMaxSlots ||
      SizeOf(slots) > memory.size()) {
    throw SystemFailure{kInvalidArgument, "mmap"};
  }
  return std::make_shared<LoadTableMapping>(std::move(memory), slots);
}

// new LoadTable({slots, inKernel}) makes one; new LoadTable({shared}) opens what share() gave, and
// takes it.
LoadTable::LoadTable(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoadTable>(info) {
  Napi::Env env = info.Env();
  if (!info[0].IsObject())
    throw Napi::TypeError::New(env, "LoadTable: {slots} or {shared} expected");
  Napi::Object options = info[0].As<Napi::Object>();
  if (options.Has("shared")) {
    Token token = TakeToken(options.Get("shared"));
    mapping_ = Guard(env, [&] { return LoadTableMapping::Open(std::move(token)); });
    return;
  }
  const uint32_t slots = options.Get("slots").ToNumber().Uint32Value();
  if (slots == 0 || slots > kMaxSlots) {
    throw Napi::RangeError::New(env, "LoadTable: slots must be 1 to " + std::to_string(kMaxSlots));
  }
  const bool in_kernel = options.Get("inKernel").ToBoolean();
  mapping_ = Guard(env, [&] {
    return in_kernel ? LoadTableMapping::CreateInKernel(slots) : LoadTableMapping::Create(slots);
  });
}

LoadTable* LoadTable::From(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() ||
      !value.As<Napi::Object>().InstanceOf(Instance::Of(env).load_table.Value())) {
    throw Napi::TypeError::New(env, "a LoadTable expected");
  }
  LoadTable* table = Unwrap(value.As<Napi::Object>());
  table->Open(env);
  return table;
}

const std::shared_ptr<LoadTableMapping>& LoadTable::Open(Napi::Env env) const {
  if (mapping_ == nullptr) throw ToError(env, SystemFailure{kClosedDescriptor, "mmap"});
  return mapping_;
}

// Who has it mapped otherwise (a buffer, a slot, a LoopStamp) keeps it so, without a descriptor.
void LoadTable::Close(const Napi::CallbackInfo&) {
  if (mapping_ != nullptr) mapping_->memory().StopSharing();
  buffer_.Reset();
  mapping_.reset();
}

Napi::Value LoadTable::Buffer(const Napi::CallbackInfo& info) {
  if (buffer_.IsEmpty()) {
    // The mapping lives as long as any buffer over it.
    auto* keep = new std::shared_ptr<LoadTableMapping>(Open(info.Env()));
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(
        info.Env(), mapping_->header(), LoadTableMapping::SizeOf(mapping_->slots()),
        [](Napi::Env, void*, std::shared_ptr<LoadTableMapping>* held) { delete held; }, keep);
    buffer_ = Napi::Persistent(buffer.As<Napi::Object>());
  }
  return buffer_.Value();
}

// To be given to a worker.
Napi::Value LoadTable::Share(const Napi::CallbackInfo& info) {
  const auto& mapping = Open(info.Env());
  Token token = Guard(info.Env(), [&] { return mapping->memory().Share(); });
  // Whoever opens it believes the header, whatever somebody scribbled there meanwhile.
  mapping->Sign();
  return GiveToken(info.Env(), std::move(token));
}

Napi::Value LoadTable::Slots(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Open(info.Env())->slots());
}

void LoadTable::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(
      env, "LoadTable",
      {InstanceMethod("buffer", &LoadTable::Buffer), InstanceMethod("share", &LoadTable::Share),
       InstanceMethod("slots", &LoadTable::Slots), InstanceMethod("close", &LoadTable::Close)});
  Instance::Of(env).load_table = Napi::Persistent(constructor);
  exports.Set("LoadTable", constructor);

  // TypeScript reads its offsets from here: the layout is written down once, in load_table.h.
  Napi::Object layout = Napi::Object::New(env);
  const auto set = [&](const char* name, size_t value) {
    layout.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  set("headerSize", sizeof(TableHeader));
  set("used", offsetof(TableHeader, used));
  set("slotSize", sizeof(Slot));
  set("state", offsetof(Slot, state));
  set("adjust", offsetof(Slot, adjust));
  set("assigned", offsetof(Slot, assigned));
  set("taken", offsetof(Slot, taken));
  set("accepted", offsetof(Slot, accepted));
  set("closed", offsetof(Slot, closed));
  set("stamp", offsetof(Slot, stamp));
  set("pid", offsetof(Slot, pid));
  set("idle", offsetof(Slot, idle));
  set("called", offsetof(Slot, called));
  set("answered", offsetof(Slot, answered));
  set("shares", offsetof(Slot, shares));
  set("virtualTime", offsetof(Slot, virtual_time));
  set("open", offsetof(Slot, open));
  set("depth", offsetof(Slot, depth));
  exports.Set("layout", layout);
}

}  // namespace evenkeel
