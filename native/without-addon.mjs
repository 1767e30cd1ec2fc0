// The end of an installation for which there is neither a prebuilt addon nor a compiler. It does not fail: a
// team has machines that only develop. Without the addon `auto` serves by node:cluster, with a warning at each
// start; a strategy that is named is refused.
const compiler =
  process.platform === 'win32'
    ? "Visual Studio's build tools (Desktop development with C++) and Python 3"
    : 'a C++17 compiler, make and python3';
console.error(`
evenkeel has no native addon for ${process.platform}-${process.arch} here, and could not compile one (see above).
To compile it, install ${compiler}, then:
  npm rebuild evenkeel --build-from-source --foreground-scripts
npx evenkeel explain says what works without it.
`);
