import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitLines } from '../../operator/list/read-list.ts';

/** Lines that are written once and then read, in a file of their own: a list may be larger than the memory. */
export interface Spool {
  write(line: string): void;
  /** To be called when all is written. */
  read(): AsyncIterable<string>;
  remove(): void;
}

const pieceLength = 256 * 1024;

export function openSpool(): Spool {
  const folder = mkdtempSync(join(tmpdir(), 'checkout-enqueue-'));
  const path = join(folder, 'jobs.ndjson');
  const file = openSync(path, 'w', 0o600);
  let pieces: string[] = [];
  let length = 0;
  const flush = () => {
    writeSync(file, pieces.join(''));
    pieces = [];
    length = 0;
  };
  return {
    write(line) {
      pieces.push(line, '\n');
      length += line.length + 1;
      if (length >= pieceLength) flush();
    },
    read() {
      flush();
      return splitLines(createReadStream(path, 'utf8'));
    },
    remove() {
      closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
