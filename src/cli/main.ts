#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// What is compiled once is kept for the next start, which takes half the time. It counts for imports that come after it.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/checkout'));
await import('./program.ts');
