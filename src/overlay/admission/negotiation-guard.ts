// Looks at what a stranger says before anything else, while multistream-select chooses the encrypter, and ends the connection
// at the first word that is out of place. libp2p's own reader decodes an endless length anew for each of its bytes (3 MB
// held a relay's event loop for 3 s), and answers `ls` with the list of encrypters; neither gets that far.
import type { MultiaddrConnection, StreamMessageEvent } from '@libp2p/interface';
import { Uint8ArrayList } from 'uint8arraylist';
import { toString } from 'uint8arrays/to-string';
import { PeerError } from '../../realm/errors.ts';

/** All names that are ever proposed here are shorter, so a length is one byte. */
const MAX_NAME = 0x7f;
const MAX_PROPOSALS = 8;
const LIST = 'ls\n';

/** Stops looking when one of the encrypters has been named: from there the encrypter reads, with limits of its own. */
export function guardNegotiation(connection: MultiaddrConnection, encrypters: readonly string[]): void {
  const heard = new Uint8ArrayList();
  let proposals = 0;
  const onMessage = (event: StreamMessageEvent): void => {
    heard.append(event.data);
    while (heard.byteLength > 0 && heard.byteLength > heard.get(0)) {
      const name = takeName(heard);
      if (encrypters.includes(name.trimEnd())) return done();
      if (name === LIST || ++proposals > MAX_PROPOSALS) return refuse(event);
    }
    if (heard.byteLength > 0 && heard.get(0) > MAX_NAME) refuse(event);
  };
  const done = (): void => connection.removeEventListener('message', onMessage);
  const refuse = (event: StreamMessageEvent): void => {
    done();
    event.stopImmediatePropagation();
    connection.abort(new PeerError('bad-negotiation', 'the peer does not negotiate an encrypter'));
  };
  connection.addEventListener('message', onMessage);
}

function takeName(heard: Uint8ArrayList): string {
  const end = 1 + heard.get(0);
  const name = toString(heard.slice(1, end), 'latin1');
  heard.consume(end);
  return name;
}
