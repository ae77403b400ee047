/**
 * The session of `session.txt`, played by one kubectl against an API server of its own, as text: each command, what it said
 * (`! ` before what went to standard error) and how it ended (`= 1`). What differs from run to run is written as `<age>`,
 * `<time>` and the like, and columns as wide as two spaces, so that two runs of the same kubectl are equal texts.
 *
 * Lines of the session that begin with `& ` wait for something that does not come: they run beside those that follow them.
 */

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rbacAuthorizer } from '../../../src/kube/auth/rbac.ts';
import { startControlPlane } from '../../../src/kube/control-plane.ts';

const here = import.meta.dirname;
const fixtures = join(here, '../../kube/fixtures');
/** A command that takes longer has hung. */
const stepMs = 120_000;

export interface Step {
  /** Of the rows of the table in docs/KUBERNETES.md. */
  readonly section: string;
  /** What the table says of the section. */
  readonly state: string;
  readonly command: string;
  readonly isBeside: boolean;
}

export function readSession(): readonly Step[] {
  const steps: Step[] = [];
  let [section, state] = ['', ''];
  for (const line of readFileSync(join(here, 'session.txt'), 'utf8').trim().split('\n')) {
    const heading = /^## (.*): (works|error as real)$/.exec(line);
    if (heading !== null) [section, state] = [heading[1]!, heading[2]!];
    else steps.push({ section, state, command: line.replace(/^& /, ''), isBeside: line.startsWith('& ') });
  }
  return steps;
}

/** In this order; each pattern sees what the ones before it have left. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/v1\.(\d+)\.\d+/g, 'v1.$1.x'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/\b([IWE])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (\S+):\d+\]/g, '$1<log> $2]'],
  [/("?resourceVersion"?: ?")\d+"/g, '$1<revision>"'],
  [/(Resource Version: +)\d+/g, '$1<revision>'],
  [/\b10\.96\.\d+\.\d+\b/g, '<ip>'],
  [/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<id>'],
  [/debugger-[a-z0-9]{5}/g, 'debugger-<id>'],
  [/(kubectl-edit-)\d+/g, '$1<id>'],
  [/ {2,}/g, '  '],
  [/(^|\s)\d+[smhdy](\d+[smhd])? \(x(\d+) over \d+[smhdy](\d+[smhd])?\)/gm, '$1<age> (x$3 over <age>)'],
  [/(^(?:! )?| {2})(\d+[smhdy](?:\d+[smhd])?|<invalid>)(?=\s|$)/gm, '$1<age>'],
];

function withoutVolatile(text: string): string {
  return volatile.reduce((left, [pattern, word]) => left.replace(pattern, word), text);
}

interface Desk {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

function runStep({ folder, environment }: Desk, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), stepMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const lines = [...linesOf(stdout), ...linesOf(stderr).map((line) => `! ${line}`)];
      if (code !== 0) lines.push(`= ${code ?? 'killed'}`);
      resolve(lines.map((line) => `${line}\n`).join(''));
    });
  });
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** @returns for each step what it printed, in the order of the session */
export async function playSession(program: string): Promise<readonly string[]> {
  const tls = {
    key: readFileSync(join(fixtures, 'server.key'), 'utf8'),
    cert: readFileSync(join(fixtures, 'server.crt'), 'utf8'),
    clientAuthorities: '',
  };
  const plane = await startControlPlane({ tls, authorizer: rbacAuthorizer });
  const folder = mkdtempSync(join(tmpdir(), 'keelson-session-'));
  try {
    for (const name of ['bin', 'tmp', 'home']) mkdirSync(join(folder, name));
    cpSync(join(here, 'files'), join(folder, 'files'), { recursive: true });
    writeFileSync(join(folder, 'kubeconfig'), plane.kubeconfig);
    symlinkSync(program, join(folder, 'bin/kubectl'));
    const environment = {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      KUBECONFIG: join(folder, 'kubeconfig'),
      TZ: 'UTC',
      // Processes as short as these need not collect their garbage.
      GOGC: 'off',
    };
    const said = await playSteps({ folder, environment }, readSession());
    const server = plane.url.replace('https://', '');
    return said.map((text) =>
      withoutVolatile(text.replaceAll(folder, '<folder>').replaceAll(server, '<server>')),
    );
  } finally {
    await plane.close();
    rmSync(folder, { recursive: true });
  }
}

async function playSteps(desk: Desk, steps: readonly Step[]): Promise<string[]> {
  const said: Promise<string>[] = [];
  let section = '';
  for (const step of steps) {
    if (step.section !== section) await Promise.all(said);
    section = step.section;
    const running = runStep(desk, step.command);
    said.push(running);
    if (!step.isBeside) await running;
  }
  return Promise.all(said);
}
