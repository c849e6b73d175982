// The process of the command line: its streams, its signals, its exit code. canopy.js starts it.
import type { Cli } from './cli.ts';
import { runCli } from './command-tree.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let stop: AbortController | undefined;

/** Signals end the process at once, until a command that runs for long asks to be told of them. */
function stopSignal(): AbortSignal {
  if (stop) return stop.signal;
  const controller = new AbortController();
  for (const name of STOP_SIGNALS) process.on(name, () => controller.abort());
  process.on('disconnect', () => controller.abort());
  stop = controller;
  return controller.signal;
}

const cli: Cli = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
  stopSignal,
};

// Whoever read our output may leave before its end: `canopy user list | head`.
process.stdout.on('error', () => process.exit());
// The launcher's channel alone must not keep the process.
process.channel?.unref();

process.exit(await runCli(process.argv.slice(2), cli));
