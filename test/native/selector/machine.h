#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "../../../native/linux/cbpf.h"
#include "../hand-off/check.h"

// A model of the kernel's machine for classic BPF, by its documentation (networking/filter.rst),
// with those instructions that the programs use.
namespace evenkeel::cbpf {

constexpr uint32_t kInvalid = 0xdead0000;  // no index, and not the kernel's own hash

using Packet = std::vector<uint8_t>;  // from the network header on

inline Packet V4(uint32_t source) {
  Packet packet(40);
  for (uint8_t& byte : packet) byte = static_cast<uint8_t>(Below(256));
  packet[0] = 0x45;
  for (size_t i = 0; i < 4; i++) packet[12 + i] = static_cast<uint8_t>(source >> (24 - 8 * i));
  return packet;
}

inline Packet V6(const SourceAddress& source) {
  Packet packet(60);
  for (uint8_t& byte : packet) byte = static_cast<uint8_t>(Below(256));
  packet[0] = static_cast<uint8_t>(0x60 | Below(16));  // and the traffic class' upper half
  for (size_t i = 0; i < 16; i++) {
    packet[8 + i] = static_cast<uint8_t>(source[i / 4] >> (24 - 8 * (i % 4)));
  }
  return packet;
}

// What the program returns for a packet, and for a random number.
inline uint32_t Run(const Program& program, const Packet& packet, uint32_t random) {
  uint32_t a = 0, x = 0;
  std::array<uint32_t, 16> memory{};
  for (size_t at = 0; at < program.size(); at++) {
    const sock_filter& one = program[at];
    const bool from_x = BPF_SRC(one.code) == BPF_X;
    const uint32_t operand = from_x ? x : one.k;
    const auto jump = [&](bool holds) { at += holds ? one.jt : one.jf; };
    switch (one.code) {
      case BPF_LD | BPF_W | BPF_ABS:
      case BPF_LD | BPF_B | BPF_ABS: {
        if (one.k == static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)) {
          a = random;
          break;
        }
        const size_t size = BPF_SIZE(one.code) == BPF_B ? 1 : 4;
        const uint64_t offset = one.k - static_cast<uint32_t>(SKF_NET_OFF);
        if (offset + size > packet.size()) return 0;
        a = 0;
        for (size_t i = 0; i < size; i++) a = a << 8 | packet[offset + i];
        break;
      }
      case BPF_LD | BPF_IMM:
        a = one.k;
        break;
      case BPF_LDX | BPF_IMM:
        x = one.k;
        break;
      case BPF_LD | BPF_MEM:
        a = memory[one.k];
        break;
      case BPF_ST:
        memory[one.k] = a;
        break;
      case BPF_MISC | BPF_TAX:
        x = a;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= operand;
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        a >>= operand;
        break;
      case BPF_ALU | BPF_MUL | BPF_K:
        a *= operand;
        break;
      case BPF_ALU | BPF_XOR | BPF_K:
      case BPF_ALU | BPF_XOR | BPF_X:
        a ^= operand;
        break;
      case BPF_JMP | BPF_JA:
        at += one.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(a == operand);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(a >= operand);
        break;
      case BPF_JMP | BPF_JGT | BPF_X:
        jump(a > operand);
        break;
      case BPF_RET | BPF_K:
        return one.k;
      case BPF_RET | BPF_A:
        return a;
      default:
        return kInvalid;
    }
  }
  return kInvalid;
}

// As net/core/filter.c's bpf_check_classic(): jumps lead to instructions, so that every path ends
// at a return; what is read from the scratch memory was written on every path. And what
// net.core.optmem_max was before Linux 6.8, for the kernel's own form of the program.
inline void CheckValid(const Program& program) {
  constexpr size_t kOptmemMax = 20480, kHeader = 128, kInstruction = 8;
  Check(!program.empty() && program.size() <= BPF_MAXINSNS, "as many as a program may have");
  Check(BPF_CLASS(program.back().code) == BPF_RET, "a return is the last");
  std::vector<uint32_t> written(program.size() + 1, 0xffff);
  written[0] = 0;
  size_t translated = 24;  // its prologue, and the header's loads
  for (size_t at = 0; at < program.size(); at++) {
    const sock_filter& one = program[at];
    uint32_t here = written[at];
    bool goes_on = true;
    const auto leads = [&](uint64_t distance) {
      Check(at + 1 + distance < program.size(), "a jump leads to an instruction");
      if (at + 1 + distance < program.size()) written[at + 1 + distance] &= here;
    };
    translated++;
    switch (BPF_CLASS(one.code)) {
      case BPF_ST:
        Check(one.k < BPF_MEMWORDS, "in the scratch memory");
        here |= 1u << one.k;
        break;
      case BPF_LD:
        if (BPF_MODE(one.code) == BPF_MEM) Check((here >> one.k & 1) != 0, "read once written");
        break;
      case BPF_ALU:
        if (BPF_OP(one.code) == BPF_RSH) Check(one.k < 32, "a shift within the word");
        break;
      case BPF_JMP:
        goes_on = false;
        if (BPF_OP(one.code) == BPF_JA) {
          leads(one.k);
        } else {
          translated++;
          leads(one.jt);
          leads(one.jf);
        }
        break;
      case BPF_RET:
        goes_on = false;
        translated++;
        break;
    }
    if (goes_on) leads(0);
  }
  Check(kHeader + translated * kInstruction <= kOptmemMax,
        "no more than the kernel has memory for");
}

}  // namespace evenkeel::cbpf
