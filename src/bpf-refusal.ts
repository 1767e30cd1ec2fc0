import { readFileSync } from 'node:fs';
import { release } from 'node:os';

/** What decides whether the kernel lets this process load an eBPF program. */
export interface ProcessFacts {
  /** The kernel's release: 6.1.0-13-amd64, say. */
  kernel: string;
  /** CAP_BPF, or CAP_SYS_ADMIN, which had its place before Linux 5.8. */
  capable: boolean;
  /** A seccomp filter is installed: by a container's runtime, or systemd's SystemCallFilter. */
  seccomp: boolean;
  /** Capabilities of this process count in its own user namespace only. */
  userNamespace: boolean;
}

const CAP_SYS_ADMIN = 21n;
const CAP_BPF = 39n;

/** As /proc says it, proc(5) and user_namespaces(7); what cannot be read counts as absent. */
export function processFacts(): ProcessFacts {
  const status = read('/proc/self/status');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const identity = /^\s*0\s+0\s+4294967295\s*$/;
  const uidMap = read('/proc/self/uid_map');
  return {
    kernel: release(),
    capable: (effective & ((1n << CAP_BPF) | (1n << CAP_SYS_ADMIN))) !== 0n,
    seccomp: /^Seccomp:\s*2$/m.test(status),
    userNamespace: uidMap !== '' && !identity.test(uidMap),
  };
}

const GRANT =
  'grant CAP_BPF: AmbientCapabilities=CAP_BPF in a systemd unit, cap_add: [BPF] in a compose file, --cap-add BPF with docker run, securityContext.capabilities.add: [BPF] in Kubernetes';
const ALLOW = 'let its seccomp profile allow bpf()';

/** Why an eBPF program that takes a Linux of that version could not be loaded, and what would help. Pure. */
export function whyBpfIsRefused(error: NodeJS.ErrnoException, linux: string, facts: ProcessFacts): string {
  const { message, code } = error;
  const { kernel, capable, seccomp, userNamespace } = facts;
  if (error.syscall !== 'bpf') return message;
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      if (userNamespace) {
        return `${message}: this process is in a user namespace, where CAP_BPF does not count. Run it outside of one (no rootless container), and ${GRANT}`;
      }
      if (!capable) {
        const too = seccomp ? `; if that is not enough, ${ALLOW}` : '';
        return `${message}: this process does not have CAP_BPF. To have it, ${GRANT}${too}`;
      }
      if (seccomp)
        return `${message}: a seccomp filter forbids bpf(), as a container's may. To have it, ${ALLOW}`;
      return `${message}, although this process has CAP_BPF: a security module or lockdown forbids it`;
    case 'ENOSYS':
      return seccomp
        ? `${message}: a seccomp filter hides bpf(), as a container's may. To have it, ${ALLOW}`
        : `${message}: this kernel (${kernel}) is built without it (CONFIG_BPF_SYSCALL)`;
    case 'EINVAL':
    case 'ENOTSUP':
      return `${message}: this kernel (${kernel}) is too old, it takes Linux ${linux}`;
    default:
      return message;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
