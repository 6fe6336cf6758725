#!/usr/bin/env node
/** The entry of the command line: turns on the compile cache, then loads `session/program.ts`, which runs a command. */

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// JavaScript, and alone: what is compiled is kept for the next start, but only of what is imported after this line, and a
// TypeScript file before it would load the compiler each time.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/checkout'));
await import('./session/program.ts');
