/**
 * Asks a component of the control plane on this machine how it is: `/healthz` over HTTPS, whatever its certificate. What goes
 * wrong is told in the words of Go's client.
 */

import { request } from 'node:https';

/** A component that says nothing for so long is not well. */
const silenceMaxMs = 20_000;
/** Longer answers are cut. */
const answerBytesMax = 10 * 1024;

export interface ComponentHealth {
  readonly isHealthy: boolean;
  readonly message: string;
}

/** @param port where it listens on the loopback */
export function probeComponent(port: number, timeoutMs: number = silenceMaxMs): Promise<ComponentHealth> {
  const host = '127.0.0.1';
  const url = `https://${host}:${port}/healthz`;
  return new Promise((resolve) => {
    const failed = (why: string): void => {
      resolve({ isHealthy: false, message: `Get ${JSON.stringify(url)}: ${why}` });
    };
    const options = { rejectUnauthorized: false, agent: false, timeout: timeoutMs };
    const asked = request(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text = (text + part).slice(0, answerBytesMax);
      });
      answer.on('end', () => {
        const code = answer.statusCode ?? 0;
        resolve({ isHealthy: code >= 200 && code < 400, message: text });
      });
      answer.on('error', (error) => failed(error.message));
    });
    asked.on('timeout', () => asked.destroy(new Error('context deadline exceeded')));
    asked.on('error', (error: Error & { code?: string }) => {
      const isRefused = error.code === 'ECONNREFUSED';
      failed(isRefused ? `dial tcp ${host}:${port}: connect: connection refused` : error.message);
    });
    asked.end();
  });
}
