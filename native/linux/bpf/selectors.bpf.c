// Chooses the member of a reuseport group that gets a new connection. The kernel runs one of these
// for each SYN, for the ACK of a handshake by SYN cookie, and where a closed member's connections
// move to another (BPF_SK_REUSEPORT_SELECT_OR_MIGRATE).
//
// CAP_BPF suffices to load them, without CAP_PERFMON: no pointer has a variable added to it. Hence
// an element of a map for each number, and a lookup for each element.
//
// Compiled by compile.mjs into selectors.h, which is what is built.
#include <linux/bpf.h>

#include "layout.h"

// A program of that name in a section of its own, from which compile.mjs takes it.
#define PROGRAM(name) __attribute__((section("program/" #name), used)) int name
#define INLINE static inline __attribute__((always_inline))

// What the compiler does not know it cannot turn into a branch. Each branch in a loop would double
// what the verifier has to look through: a million instructions at the 20th member.
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))

// Names for the loader, which puts the maps' descriptors in their place.
struct map;
extern struct map table;    // struct evenkeel_slot. Workers write to it: nothing in it is trusted
extern struct map group;    // __u64. Nobody's but the primary's and ours
extern struct map members;  // the sockets, by slot

static void* (*const find)(struct map*, const __u32* key) = (void*)BPF_FUNC_map_lookup_elem;
static long (*const select)(struct sk_reuseport_md*, struct map*, __u32* key,
                            __u64 flags) = (void*)BPF_FUNC_sk_select_reuseport;

INLINE __u64* in_group(__u32 index) { return find(&group, &index); }

INLINE struct evenkeel_member* in_list(__u32 index) {
  return (struct evenkeel_member*)in_group(EVENKEEL_GROUP_SLOTS + index);
}

INLINE struct evenkeel_slot* in_table(__u32 slot) {
  const __u32 element = 1 + slot;
  return find(&table, &element);
}

// The kernel's own hash chooses, over all members: no connection is refused for what we do not
// know.
INLINE int fallback(void) {
  __u64* fallbacks = in_group(EVENKEEL_GROUP_FALLBACKS);
  if (fallbacks) __sync_fetch_and_add(fallbacks, 1);
  return SK_PASS;
}

// Length of the list, or 0 where there is none to go by.
INLINE __u64 count_members(void) {
  const __u64* length = in_group(EVENKEEL_GROUP_COUNT);
  const __u64 count = length ? *length : 0;
  return count <= EVENKEEL_MAX_MEMBERS ? count : 0;
}

// A number that is another each time: no two CPUs get the same.
INLINE __u64 next_turn(void) {
  __u64* turn = in_group(EVENKEEL_GROUP_TURN);
  return turn ? __sync_fetch_and_add(turn, 1) : 0;
}

// A handshake by SYN cookie leaves nothing behind, so the ACK that ends it comes here too: only the
// SYN counts. A migration has no packet.
INLINE int begins(const struct sk_reuseport_md* context) {
  enum { LENGTH = 20, FLAGS = 13, SYN = 0x02, ACK = 0x10 };
  const __u8* tcp = context->data;
  if (context->migrating_sk) return 1;
  if (tcp + LENGTH > (const __u8*)context->data_end) return 0;
  return (tcp[FLAGS] & (SYN | ACK)) == SYN;
}

PROGRAM(round_robin)(struct sk_reuseport_md* context) {
  const __u64 count = count_members();
  if (count == 0) return fallback();  // nobody is eligible
  const struct evenkeel_member* chosen = in_list(next_turn() % count);
  if (!chosen) return fallback();  // never: the list is as long as count may be
  __u32 slot = chosen->slot;
  // Its socket was closed, or is just being moved to another slot.
  if (select(context, &members, &slot, 0)) return fallback();
  return SK_PASS;
}

// Connections of a worker, 0 where it seems to have less than none. Below 2^31, whatever a worker
// scribbled.
INLINE __s64 load_of(const struct evenkeel_slot* slot) {
  __s64 load = (__s32)(slot->assigned + slot->adjust - slot->closed);
  __s64 negative = load >> 63;
  OPAQUE(negative);
  return load & ~negative;
}

INLINE __s64 lesser(__s64 a, __s64 b) {
  __s64 difference = a - b;
  __s64 less = difference >> 63;
  OPAQUE(less);
  return b + (difference & less);
}

PROGRAM(least_connections)(struct sk_reuseport_md* context) {
  const __u64 count = count_members();
  if (count == 0) return fallback();  // nobody is eligible
  const __u32 now = next_turn();

  // The least of all in one number: load << 32 | how lately it was chosen << 8 | index. Of equals
  // the one chosen longest ago: else one of them would get all connections that end before the next
  // comes, and who has a busy neighbour would get that one's too.
  __s64 best = (__s64)1 << 62;
  for (__u32 i = 0; i < EVENKEEL_MAX_MEMBERS; i++) {
    if (i >= count) break;
    const struct evenkeel_member* candidate = in_list(i);
    if (!candidate) return fallback();  // never: the list is as long as count may be
    const struct evenkeel_slot* slot = in_table(candidate->slot);
    if (!slot) return fallback();  // never: the primary lists none that is not in the table
    const __u32 lately = candidate->turn - now;  // the age's complement; wraps after 2^24 turns
    best = lesser(load_of(slot) << 32 | (__s64)(lately & 0xffffff) << 8 | i, best);
  }

  struct evenkeel_member* chosen = in_list(best & 0xff);
  if (!chosen) return fallback();  // never, as above
  chosen->turn = now;
  __u32 slot = chosen->slot;
  // Its socket was closed, or is just being moved to another slot.
  if (select(context, &members, &slot, 0)) return fallback();
  // At once, not when the worker accepts it: of a burst each SYN is to see those before it.
  struct evenkeel_slot* counted = in_table(slot);
  if (counted && begins(context)) __sync_fetch_and_add(&counted->assigned, 1);
  return SK_PASS;
}
