// Whether the laboratory can run on this machine, and how to get into it: a network and a mount namespace of its own, as
// root directly, else by way of a user namespace. Everything made inside ends with the last process inside.
import { spawnSync } from 'node:child_process';

const TOOLS = ['ip', 'nft', 'tcpdump', 'unshare'];

/** `ip netns` keeps its names in /run/netns: a private, writable one. */
const INSIDE = 'mount -t tmpfs none /run && mkdir -p /run/netns && ip link set lo up && exec "$@"';

/** The command line that runs `command` inside the laboratory. */
export function enterCommand(command: readonly string[]): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...user, '--net', '--mount', 'sh', '-c', INSIDE, 'sh', ...command];
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
