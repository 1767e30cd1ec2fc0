// What a loader wants of an object file for BPF: see elf(5) and Documentation/bpf/llvm_reloc.rst of the kernel.

const SHT_SYMTAB = 2;
const SHT_REL = 9;
const R_BPF_64_64 = 1; // the operand of a 16-byte load: here, of a map's address
const PREFIX = 'program/';

/** Each section `program/NAME`: its instructions as [code, dst, src, offset, immediate], and where it wants
 * the descriptor of which map. Throws where something is to be linked that is no map. */
export function programs(object) {
  const sections = readSections(object);
  const symbols = sections.find(({ type }) => type === SHT_SYMTAB);
  return sections.flatMap((section, index) => {
    if (!section.name.startsWith(PREFIX)) return [];
    const name = section.name.slice(PREFIX.length);
    const relocations = sections.find(({ type, info }) => type === SHT_REL && info === index);
    const maps = relocations === undefined ? [] : readMaps(relocations, symbols, sections);
    return [{ name, instructions: readInstructions(section.bytes), maps }];
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

/** Elf64_Rel[], each with an Elf64_Sym, whose name is in the section that the symbols' section links to. */
function readMaps({ bytes }, symbols, sections) {
  return Array.from({ length: bytes.length / 16 }, (_, i) => {
    const at = Number(bytes.readBigUInt64LE(i * 16)) / 8;
    const type = bytes.readUInt32LE(i * 16 + 8);
    const symbol = symbols.bytes.subarray(bytes.readUInt32LE(i * 16 + 12) * 24);
    const name = text(sections[symbols.link].bytes, symbol.readUInt32LE(0));
    const isDefined = symbol.readUInt16LE(6) !== 0;
    if (type !== R_BPF_64_64 || isDefined) throw new Error(`cannot link ${name} at instruction ${at}`);
    return { at, map: name };
  });
}
