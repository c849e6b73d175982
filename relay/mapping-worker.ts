// The thread in which a router is asked (mapping-ways.ts). Its data is the name of the way; each message a question, each
// reply its answer.
import { parentPort, workerData } from 'node:worker_threads';
import * as v from 'valibot';
import { messageOf } from '../src/realm/errors.ts';
import { MAP_WAYS } from '../src/settings/setting-table.ts';
import { confineThread } from './confined.ts';
import { gatewayWay, routerRule } from './gateway.ts';
import { type MappingAnswer, mappingQuestion } from './mapping-ways.ts';

// Anybody in the network may answer the search, and name anything.
confineThread(await routerRule());
const way = gatewayWay(v.parse(v.picklist(MAP_WAYS), workerData));
/** Whoever is tired of waiting ends the whole thread. */
const never = new AbortController().signal;

async function answer(message: unknown): Promise<MappingAnswer> {
  try {
    const question = v.parse(mappingQuestion, message);
    if (question.kind === 'map') return { kind: 'done', ...(await way.map(question.port, question.lifetime, never)) };
    await way.unmap(question.port, never);
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) };
  }
}

parentPort?.on('message', (message: unknown) => {
  void answer(message).then((reply) => parentPort?.postMessage(reply, []));
});
