// Reads what strace wrote of a node (`-f -yy -xx`) and judges by it: a message is told to anybody only after the record that
// holds it was written to LevelDB's log and that very file was synced.
//
// Lines come in the order in which things happened: a call that nothing interrupted has one line, any other a line where it
// begins and one where it ends.
const CALLS = ['write', 'writev', 'pwrite64', 'sendto', 'sendmsg', 'fdatasync', 'fsync'] as const;
type CallName = (typeof CALLS)[number];

export interface Call {
  readonly name: CallName;
  /** Number and what it stands for, such as `23</data/node/db/000003.log>`. */
  readonly file: string;
  readonly data: Buffer;
  readonly result: number;
  /** Lines of its beginning and its end. */
  readonly begun: number;
  readonly ended: number;
}

const WHOLE = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/;
const UNFINISHED = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/;
const FILE = /^(\d+<(?:[^<>]|->|<->)*>)/;
const BYTES = /"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g;

export function readTrace(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { name: string; given: string; begun: number }>();
  for (const [line, words] of text.split('\n').entries()) {
    const [, pid = '', name = '', given = '', result = ''] = WHOLE.exec(words) ?? [];
    if (name) calls.push(...callOf(name, given, result, line, line));
    const unfinished = UNFINISHED.exec(words);
    if (unfinished)
      open.set(unfinished[1] ?? '', { name: unfinished[2] ?? '', given: unfinished[3] ?? '', begun: line });
    const resumed = RESUMED.exec(words);
    const before = resumed && open.get(resumed[1] ?? '');
    if (!before || before.name !== resumed[2]) continue;
    open.delete(pid || (resumed[1] ?? ''));
    calls.push(...callOf(before.name, before.given + (resumed[3] ?? ''), resumed[4] ?? '', before.begun, line));
  }
  return calls;
}

function callOf(text: string, given: string, result: string, begun: number, ended: number): Call[] {
  const name = CALLS.find((known) => known === text);
  const file = FILE.exec(given)?.[1];
  if (!name || file === undefined) return [];
  const readable = file.replaceAll(/\\x([0-9a-f]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  const parts = [...given.matchAll(BYTES)].map(([, hex = '', cut]) => {
    if (cut) throw new Error('strace cut a string short: raise -s');
    return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
  });
  return [{ name, file: readable, data: Buffer.concat(parts), result: Number(result), begun, ended }];
}

/** A record of LevelDB's log, whole when its last write has ended. */
interface LogRecord {
  readonly file: string;
  readonly bytes: Buffer;
  readonly ended: number;
}

/** LevelDB's log format: blocks of 32 KiB, each fragment behind CRC (4), length (2) and type (1: whole, 4: last). */
const BLOCK = 32 * 1024;
const FRAGMENT_HEADER = 7;
const ENDS_RECORD = [1, 4];

/** Records end anywhere in a write, and may need several: the file is put together first. */
function logRecords(calls: readonly Call[]): LogRecord[] {
  const writes = calls.filter(({ name, file }) => name === 'write' && /\/\d+\.log>$/.test(file));
  const files = Map.groupBy(writes, ({ file }) => file);
  return [...files].flatMap(([file, parts]) => {
    const whole = Buffer.concat(parts.map(({ data, result }) => data.subarray(0, Math.max(0, result))));
    return recordsOf(whole).map(({ bytes, end }) => ({ file, bytes, ended: endOf(parts, end) }));
  });
}

function recordsOf(log: Buffer): { bytes: Buffer; end: number }[] {
  const records: { bytes: Buffer; end: number }[] = [];
  let gathered: Buffer[] = [];
  for (let at = 0; at + FRAGMENT_HEADER <= log.length; ) {
    const rest = BLOCK - (at % BLOCK);
    if (rest < FRAGMENT_HEADER) {
      at += rest;
      continue;
    }
    const end = at + FRAGMENT_HEADER + log.readUInt16LE(at + 4);
    gathered.push(log.subarray(at + FRAGMENT_HEADER, end));
    if (ENDS_RECORD.includes(log[at + 6] ?? 0)) {
      records.push({ bytes: Buffer.concat(gathered), end });
      gathered = [];
    }
    at = end;
  }
  return records;
}

/** The line at which the write ended that brought the byte before `offset`. */
function endOf(writes: readonly Call[], offset: number): number {
  let written = 0;
  for (const { result, ended } of writes) {
    written += Math.max(0, result);
    if (written >= offset) return ended;
  }
  return Number.POSITIVE_INFINITY;
}

/** What is wrong with each message that was told too early or never; empty when all is well. */
export function violations(calls: readonly Call[], ids: readonly string[]): string[] {
  const records = logRecords(calls);
  const syncs = calls.filter(({ name, result }) => (name === 'fdatasync' || name === 'fsync') && result === 0);
  const sent = calls.filter(({ name, file }) => /TCP/.test(file) && name !== 'fdatasync' && name !== 'fsync');
  return ids.flatMap((id) => {
    const told = sent.find(({ data }) => data.includes(id));
    if (!sent.some(({ data }) => data.includes(id) && data.includes('stored'))) return [`${id} was never acknowledged`];
    const record = records.find(({ bytes }) => bytes.includes(Buffer.from(id.replaceAll('-', ''), 'hex')));
    if (!record) return [`${id} was never written`];
    const synced = syncs.find(({ file, begun }) => file === record.file && begun > record.ended);
    if (!synced) return [`${id} was never synced`];
    return told && told.begun > synced.ended ? [] : [`${id} was told before it was synced`];
  });
}
