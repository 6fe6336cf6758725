import { readFile } from 'node:fs/promises';

/** Clock ticks of Linux are 10 ms. */
const tickMs = 10;

/** Milliseconds of the processor that a process has used so far, its own and the kernel's for it. Linux tells it in /proc. */
export async function processorMs(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Fields 14 and 15; the name, in brackets, may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
