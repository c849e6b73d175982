#!/usr/bin/env node
// The launcher. Plain JavaScript that old releases of Node can parse: Canopy needs Node 24, which comes along as the
// package node-linux-*; when the system's Node is older, this file runs the program again with that one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const main = join(dirname(fileURLToPath(import.meta.url)), 'main.ts');

// Compiled code is kept between runs; children of this process inherit the place.
if (!process.env.NODE_COMPILE_CACHE) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  process.env.NODE_COMPILE_CACHE = join(cache, 'canopy', 'compiled');
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  const nodeModule = await import('node:module');
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import(main);
} else {
  runAgain(bundledNode());
}

/** The path of the Node that was installed with this package; undefined when its optional package is missing. */
function bundledNode() {
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(require.resolve(`node-linux-${process.arch}/package.json`));
    const binary = join(folder, 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function runAgain(binary) {
  if (binary === undefined) {
    console.error(`canopy: this is Node ${process.versions.node}`);
    console.error(`  Canopy needs Node ${NEEDED}, and the one that comes with it is not installed here.`);
    console.error(`  Run: npm ci    (or install Node ${NEEDED})`);
    process.exitCode = 1;
    return;
  }
  // The fourth channel tells the program when this process is gone, however it went.
  const child = spawn(binary, [main].concat(process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`canopy: ${binary} cannot be run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      process.disconnect?.();
      return;
    }
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
