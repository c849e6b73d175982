// Whether the laboratory can run on this machine, and how to get into it: a network and a mount namespace of its own, as
// root directly, else by way of a user namespace. Everything made inside ends with the last process inside.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TOOLS = ['ip', 'nft', 'tcpdump', 'unshare'];

/** `ip netns` keeps its names in /run/netns: a private, writable one. */
const INSIDE = 'mount -t tmpfs none /run && mkdir -p /run/netns && ip link set lo up && exec "$@"';

/**
 * The command line that runs `command` inside the laboratory. Who is not root of the whole machine (an ordinary user, or
 * root by `unshare -Ur`) enters by a user namespace, and under another number than 0: tcpdump as root would give its rights
 * away, which a user namespace does not allow.
 */
export function enterCommand(command: readonly string[]): string[] {
  const user = isRealRoot() ? [] : ['--user', '--map-user=1000', '--map-group=1000', '--keep-caps'];
  return ['unshare', ...user, '--net', '--mount', 'sh', '-c', INSIDE, 'sh', ...command];
}

/** Root, and not merely of a user namespace: the map of the machine's own covers all numbers. */
function isRealRoot(): boolean {
  return process.getuid?.() === 0 && /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/** Undefined when the laboratory can run, else why it can't and what would help. */
export function whyNoLaboratory(): string | undefined {
  const path = `${process.env['PATH']}:/usr/sbin:/sbin`;
  const missing = TOOLS.filter(
    (tool) => spawnSync('sh', ['-c', `command -v ${tool}`], { env: { PATH: path } }).status !== 0,
  );
  if (missing.length > 0)
    return `${missing.join(', ')} not found; npm run test:setup installs or names what is missing`;
  const [command = '', ...args] = enterCommand(['sh', '-c', 'ip netns add probe && ip netns del probe']);
  const probe = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PATH: path } });
  return probe.status === 0 ? undefined : `no network namespaces here: ${probe.stderr.trim()}`;
}
