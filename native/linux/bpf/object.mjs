// What a loader wants of an object file for BPF: see elf(5) and Documentation/bpf/llvm_reloc.rst of the kernel.

const SHT_SYMTAB = 2;
const SHT_REL = 9;
const STT_FUNC = 2;
const R_BPF_64_64 = 1; // the operand of a 16-byte load: the address of a map, or of a function
const BPF_PSEUDO_FUNC = 4;
const PREFIX = 'program/';

/** Each section `program/NAME`: its instructions as [code, dst, src, offset, immediate], where its functions
 * begin, and where it wants the descriptor of which map. Throws where anything else is to be linked. */
export function programs(object) {
  const sections = readSections(object);
  const symbols = readSymbols(sections);
  return sections.flatMap((section, index) => {
    if (!section.name.startsWith(PREFIX)) return [];
    const name = section.name.slice(PREFIX.length);
    const own = symbols.filter((symbol) => symbol.section === index && symbol.type === STT_FUNC);
    const functions = own.map(({ at }) => at).sort((a, b) => a - b);
    const instructions = readInstructions(section.bytes);
    const maps = [];
    const relocations = sections.find(({ type, info }) => type === SHT_REL && info === index);
    for (const { at, type, symbol: number } of readRelocations(relocations)) {
      const symbol = symbols[number];
      if (type === R_BPF_64_64 && symbol.section === 0) maps.push({ at, map: symbol.name });
      else if (type === R_BPF_64_64 && symbol.section === index) {
        // A function of the section: how many instructions from the next.
        const instruction = instructions[at];
        instruction[2] = BPF_PSEUDO_FUNC;
        instruction[4] = symbol.at + instruction[4] / 8 - at - 1;
      } else throw new Error(`cannot link ${symbol.name} at instruction ${at} of ${name}`);
    }
    return [{ name, instructions, functions, maps }];
  });
}

/** Elf64_Shdr[]: the names are in a section of their own, the index of which comes last in the header. */
function readSections(object) {
  const at = Number(object.readBigUInt64LE(40));
  const [size, count, names] = [58, 60, 62].map((offset) => object.readUInt16LE(offset));
  const headers = Array.from({ length: count }, (_, i) =>
    object.subarray(at + i * size, at + (i + 1) * size),
  );
  const sections = headers.map((header) => {
    const [offset, length] = [24, 32].map((place) => Number(header.readBigUInt64LE(place)));
    return {
      nameAt: header.readUInt32LE(0),
      type: header.readUInt32LE(4),
      link: header.readUInt32LE(40),
      info: header.readUInt32LE(44),
      bytes: object.subarray(offset, offset + length),
    };
  });
  return sections.map((section) => ({ ...section, name: text(sections[names].bytes, section.nameAt) }));
}

function text(strings, at) {
  return strings.toString('latin1', at, strings.indexOf(0, at));
}

/** struct bpf_insn[]; a 16-byte load is two of them. */
function readInstructions(bytes) {
  return Array.from({ length: bytes.length / 8 }, (_, i) => {
    const one = bytes.subarray(i * 8, i * 8 + 8);
    return [
      `0x${one.toString('hex', 0, 1)}`,
      one[1] & 15,
      one[1] >> 4,
      one.readInt16LE(2),
      one.readInt32LE(4),
    ];
  });
}

/** Elf64_Sym[], with names in the section that theirs links to. */
function readSymbols(sections) {
  const { bytes, link } = sections.find(({ type }) => type === SHT_SYMTAB);
  return Array.from({ length: bytes.length / 24 }, (_, i) => {
    const one = bytes.subarray(i * 24);
    return {
      name: text(sections[link].bytes, one.readUInt32LE(0)),
      type: one[4] & 15,
      section: one.readUInt16LE(6), // 0: not of this file
      at: Number(one.readBigUInt64LE(8)) / 8,
    };
  });
}

/** Elf64_Rel[]. */
function readRelocations({ bytes } = { bytes: Buffer.alloc(0) }) {
  return Array.from({ length: bytes.length / 16 }, (_, i) => ({
    at: Number(bytes.readBigUInt64LE(i * 16)) / 8,
    type: bytes.readUInt32LE(i * 16 + 8),
    symbol: bytes.readUInt32LE(i * 16 + 12),
  }));
}
