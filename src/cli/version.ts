/** `keelson version`. */

import { readFileSync } from 'node:fs';
import { say } from './terminal.ts';

/** The version of the package, from its manifest. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String((manifest as { version: string }).version);
}

/** @returns the exit code. */
export function runVersion(): number {
  say(`keelson Version: ${packageVersion()}`);
  say(`Node.js Version: ${process.version}`);
  say(`OS/Arch: ${process.platform}/${process.arch}`);
  return 0;
}
