// A thread that may reach one host alone; says of each attempt what became of it.
import { get } from 'node:http';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { confineThread } from '../../relay/confined.ts';

const { allowed, port, paths }: { allowed: string; port: number; paths: readonly string[] } = workerData;
confineThread((host) => host === allowed);

const byFetch = (url: string): Promise<string> =>
  fetch(url).then(
    () => 'reached',
    () => 'refused',
  );
const byHttp = (url: string): Promise<string> =>
  new Promise(
    (resolve) => void get(url, (answer) => resolve((answer.resume(), 'reached'))).on('error', () => resolve('refused')),
  );
const bySocket = (url: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, new URL(url).hostname, () => resolve('reached')).on('error', () => resolve('refused'));
    socket.once('connect', () => socket.destroy());
  });

const said: string[] = [];
for (const path of paths) for (const way of [byFetch, byHttp, bySocket]) said.push(await way(path));
parentPort?.postMessage(said, []);
