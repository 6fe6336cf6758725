#!/usr/bin/env node
/** The entry of the command line: turns on the compile cache, then loads `session/program.ts`, which runs a command. */

import nodeModule from 'node:module';
import { join } from 'node:path';

// An older Node would end below with a message about an import, or about TypeScript.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 2)) {
  process.stderr.write(
    `The command line runs on Node 24.2 or newer, and this is ${process.versions.node}. Run it as npx partner-checkout, after npm ci: that brings Node 24 along for Linux and Windows. Elsewhere install Node 24.\n`,
  );
  process.exit(3);
}

// JavaScript, and alone: what is compiled is kept for the next start, but only of what is imported after this line, and a
// TypeScript file before it would load the compiler each time.
nodeModule.enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/checkout'));
await import('./session/program.ts');
