// Chooses the member of a reuseport group that gets a new connection. The kernel runs one of these
// for each SYN, for the ACK of a handshake by SYN cookie, and where a closed member's connections
// move to another (BPF_SK_REUSEPORT_SELECT_OR_MIGRATE).
//
// CAP_BPF suffices to load them, without CAP_PERFMON: no pointer has a variable added to it. Hence
// an element of a map for each number, and a lookup for each element. Round robin wants Linux 5.14
// (SELECT_OR_MIGRATE), least connections 5.17 (bpf_loop).
//
// Compiled by compile.mjs into selectors.h, which is what is built.
#include <linux/bpf.h>

#include "layout.h"

// A program of that name in a section of its own, from which compile.mjs takes it. What it calls
// comes after it there: the kernel begins with the first.
#define PROGRAM(name) __attribute__((section("program/" #name), used)) int name
#define PART_OF(name) __attribute__((section("program/" #name), noinline)) static
#define INLINE static inline __attribute__((always_inline))

// Names for the loader, which puts the maps' descriptors in their place.
struct map;
extern struct map table;    // struct evenkeel_slot. Workers write to it: nothing in it is trusted
extern struct map group;    // __u64. Nobody's but the primary's and ours
extern struct map members;  // the sockets, by slot

static void* (*const find)(struct map*, const __u32* key) = (void*)BPF_FUNC_map_lookup_elem;
static long (*const select)(struct sk_reuseport_md*, struct map*, __u32* key,
                            __u64 flags) = (void*)BPF_FUNC_sk_select_reuseport;
static long (*const loop)(__u32 times, long (*each)(__u32 i, void* context), void* context,
                          __u64 flags) = (void*)BPF_FUNC_loop;

INLINE __u64* in_group(__u32 index) { return find(&group, &index); }

INLINE struct evenkeel_member* in_list(__u32 index) {
  return (struct evenkeel_member*)in_group(EVENKEEL_GROUP_SLOTS + index);
}

INLINE struct evenkeel_slot* in_table(__u32 slot) {
  const __u32 element = 1 + slot;
  return find(&table, &element);
}

// The kernel's own hash chooses, of all members: for what we do not know nobody is refused.
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

// A SYN begins a connection, and so it does for who gets it from a member that is closed (there is
// no packet then). A handshake by SYN cookie leaves nothing behind, so the ACK that ends it comes
// here too, as does whatever belongs to no connection.
INLINE int begins(const struct sk_reuseport_md* context) {
  enum { LENGTH = 20, FLAGS = 13, SYN = 0x02, ACK = 0x10 };
  const __u8* tcp = context->data;
  if (context->migrating_sk) return 1;
  if (tcp + LENGTH > (const __u8*)context->data_end) return 0;
  return (tcp[FLAGS] & (SYN | ACK)) == SYN;
}

// A number that is another each time; no two CPUs get the same. Of two counters: if a SYN and the
// ACK of its cookie had one, each would meet every other member only.
INLINE __u64 next_turn(int is_first) {
  __u64* turn = in_group(is_first ? EVENKEEL_GROUP_TURN : EVENKEEL_GROUP_OTHER_TURN);
  return turn ? __sync_fetch_and_add(turn, 1) : 0;
}

INLINE int choose_in_turn(struct sk_reuseport_md* context, __u64 count, int is_first) {
  const struct evenkeel_member* chosen = in_list(next_turn(is_first) % count);
  if (!chosen) return fallback();  // never: the list is as long as count may be
  __u32 slot = chosen->slot;
  // Its socket was closed, or is just being moved to another slot.
  if (select(context, &members, &slot, 0)) return fallback();
  return SK_PASS;
}

PROGRAM(round_robin)(struct sk_reuseport_md* context) {
  const __u64 count = count_members();
  if (count == 0) return fallback();  // nobody is eligible
  return choose_in_turn(context, count, begins(context));
}

// What the compiler does not know it cannot turn into a branch: one that nobody can foresee costs a
// CPU more than all else here.
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))

// Connections of a worker, 0 where it seems to have less than none. Below 2^31, whatever a worker
// scribbled.
INLINE __s64 load_of(const struct evenkeel_slot* slot) {
  const __s64 load = (__s32)(slot->assigned + slot->adjust - slot->closed);
  __s64 negative = load >> 63;
  OPAQUE(negative);
  return load & ~negative;
}

INLINE __s64 lesser(__s64 a, __s64 b) {
  __s64 less = (a - b) >> 63;
  OPAQUE(less);
  return b + ((a - b) & less);
}

struct search {
  __u64 count;
  __u32 now;   // this turn
  __s64 best;  // of load << 32 | how lately it was chosen << 8 | index, the least
};

// A call costs as much as a look.
enum { AT_ONCE = 8 };
PART_OF(least_connections) long look_at(__u32 round, void* context);

PROGRAM(least_connections)(struct sk_reuseport_md* context) {
  const __u64 count = count_members();
  if (count == 0) return fallback();  // nobody is eligible
  // An ACK that ends a handshake by cookie lands on whoever is chosen now. By load that would be
  // another than the SYN was counted for, because it was counted.
  if (!begins(context)) return choose_in_turn(context, count, 0);
  // From 1 on: who was never chosen has 0.
  struct search search = {count, 1 + next_turn(1), (__s64)1 << 62};
  // Not a loop of ours: the verifier would follow it round by round, and without CAP_PERFMON also
  // where a CPU goes that guesses wrong, round after round without end.
  loop((count + AT_ONCE - 1) / AT_ONCE, look_at, &search, 0);

  struct evenkeel_member* chosen = in_list(search.best & 0xff);
  if (!chosen) return fallback();  // never: the list is as long as count may be
  chosen->turn = search.now;
  __u32 slot = chosen->slot;
  // Its socket was closed, or is just being moved to another slot.
  if (select(context, &members, &slot, 0)) return fallback();
  // At once, not when the worker accepts it: of a burst each SYN is to see those before it.
  struct evenkeel_slot* counted = in_table(slot);
  if (counted) __sync_fetch_and_add(&counted->assigned, 1);
  return SK_PASS;
}

// At the next few candidates. Anything but 0 ends the search.
PART_OF(least_connections) long look_at(__u32 round, void* context) {
  struct search* search = context;
#pragma unroll
  for (int i = 0; i < AT_ONCE; i++) {
    const __u64 index = round * AT_ONCE + i;
    if (index >= search->count) return 1;
    const struct evenkeel_member* member = in_list(index);
    if (!member) return 1;  // never: the list is as long as count may be
    const struct evenkeel_slot* slot = in_table(member->slot);
    if (!slot) return 1;  // never: the primary lists none that is not in the table
    // Of equals the one chosen longest ago: else one of them would get all connections that end
    // before the next comes, or who has a busy neighbour that one's share too. Wraps after 2^24.
    const __u64 lately = (member->turn - search->now) & 0xffffff;
    search->best = lesser(load_of(slot) << 32 | lately << 8 | index, search->best);
  }
  return 0;
}
