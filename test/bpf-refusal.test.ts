import { describe, expect, test } from 'vitest';
import { type ProcessFacts, processFacts, whyBpfIsRefused } from '../dist/bpf-refusal.js';

const facts: ProcessFacts = { kernel: '6.1.0', capable: true, seccomp: false, userNamespace: false };
const failure = (code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`bpf ${code}: said the kernel`), { code, syscall: 'bpf' });

describe('why bpf(2) is refused, and what would help', () => {
  test.each<[string, string, Partial<ProcessFacts>, RegExp]>([
    [
      'no capability',
      'EPERM',
      { capable: false },
      /does not have CAP_BPF.*AmbientCapabilities=CAP_BPF.*cap_add/,
    ],
    ['no capability, in a container', 'EPERM', { capable: false, seccomp: true }, /CAP_BPF.*seccomp profile/],
    ['a seccomp filter', 'EPERM', { seccomp: true }, /seccomp filter forbids bpf\(\)/],
    ['a seccomp filter that hides it', 'ENOSYS', { seccomp: true }, /seccomp filter hides bpf\(\)/],
    ['a user namespace', 'EPERM', { userNamespace: true }, /user namespace, where CAP_BPF does not count/],
    ['something else', 'EPERM', {}, /although this process has CAP_BPF/],
    ['not built in', 'ENOSYS', {}, /6\.1\.0.*CONFIG_BPF_SYSCALL/],
    ['too old', 'EINVAL', { kernel: '5.4.0' }, /5\.4\.0.*too old.*5\.17/],
  ])('%s', (_name, code, special, why) => {
    const text = whyBpfIsRefused(failure(code), '5.17', { ...facts, ...special });
    expect(text).toMatch(why);
    expect(text).toContain(`bpf ${code}: said the kernel`);
  });

  test('what is not about bpf is said as it is', () => {
    expect(whyBpfIsRefused(failure('ENOMEM'), '5.17', facts)).toBe('bpf ENOMEM: said the kernel');
    const other = Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'bind' });
    expect(whyBpfIsRefused(other, '5.17', facts)).toBe('bind EADDRINUSE');
  });

  test('what /proc says of this process', () => {
    const { kernel, capable, seccomp, userNamespace } = processFacts();
    expect(kernel).toMatch(/^\d+\.\d+/);
    for (const fact of [capable, seccomp, userNamespace]) expect(typeof fact).toBe('boolean');
  });
});
