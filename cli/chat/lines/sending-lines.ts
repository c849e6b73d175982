// Lines about messages to one person, files, reading and reports.
//
//   in   {"send":{"id":"..","to":"engineer@lviv.acme.ua","text":".."}}   `id` is the sender's UUID; without one a new one is made.
//                                             The same again is harmless and tells the state again; with another text it is `id-conflict`.
//        {"sendFile":{"to":"..","path":"..","text":".."}}    waits until the file is with the server; the same again goes on where it was
//           -> {"event":"file","path":..,"done":..,"total":..} as it goes
//        {"save":{"id":"..","folder":".."}}                 fetches what came with that message into a folder
//           -> {"event":"file","id":..,"done":..,"total":..} as it goes, then {"event":"saved","id":..,"path":..}
//        {"typing":{"to":".."}}   {"read":{"id":".."}}
//        {"report":{"conversation":"..","id":"..","path":".."}}       -> {"event":"report","id":..,"path":..}
import * as v from 'valibot';
import { parseMessageId } from '../../../src/realm/ids.ts';
import { saveReport } from '../chat-reports.ts';
import { type ChatLines, chatLine, conversation, messageId, user } from './chat-line.ts';

const given = v.string();

export const SENDING_LINES: ChatLines = {
  send: chatLine({ id: v.optional(given), to: user, text: given }, async ({ client, partners }, { id, to, text }) => {
    const message = await client.send({ to, text, ...(id !== undefined && { id: parseMessageId(id) }) });
    partners.meet(message.to);
  }),
  sendFile: chatLine({ to: user, path: given, text: v.optional(given) }, async (desk, request) => {
    const { files, partners, write, signal } = desk;
    const { path } = request;
    const message = await files.send(request, signal, (now) => write({ event: 'file', path, ...now }));
    write({ event: 'state', id: message.id, path, state: message.state });
    partners.meet(message.to);
  }),
  save: chatLine({ id: given, folder: given }, async ({ files, write, signal }, { id, folder }) => {
    const path = await files.save(parseMessageId(id), folder, signal, (now) => write({ event: 'file', id, ...now }));
    write({ event: 'saved', id, path });
  }),
  typing: chatLine({ to: user }, ({ client }, { to }) => client.typing(to)),
  read: chatLine({ id: given }, ({ client }, { id }) => client.markRead(parseMessageId(id))),
  report: chatLine({ conversation, id: messageId, path: given }, async ({ client, write }, request) => {
    await saveReport(client, request);
    write({ event: 'report', id: request.id, path: request.path });
  }),
};
